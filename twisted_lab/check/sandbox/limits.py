"""How much the programs of a sandbox may use."""

from __future__ import annotations

import resource
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the programs of one sandbox may use.

    Attributes:
        cpu: Seconds of CPU time, of each process.
        tasks: Processes and threads at the same time, of all programs together. At this number
            all are ended.
        memory: Bytes of memory of all programs together, measured every 0.1 s. Each process may
            have twice as much of its own data, whether used or not. The address space has no limit:
            the run times of Go and Node.js reserve much more than they use.
        file: Bytes of each file.
        files: Open files of each process.
        disk: Bytes in /tmp, with the copied folder; the other temporary folders have an eighth.
    """

    cpu: int = 60
    tasks: int = 256
    memory: int = 1 << 30
    file: int = 64 << 20
    files: int = 1024
    disk: int = 128 << 20

    def by_number(self) -> dict[int, int]:
        """Return the limits of a process, by their numbers in the module `resource`."""
        return {
            resource.RLIMIT_CPU: self.cpu,
            resource.RLIMIT_NPROC: self.tasks,
            resource.RLIMIT_DATA: 2 * self.memory,
            resource.RLIMIT_FSIZE: self.file,
            resource.RLIMIT_NOFILE: self.files,
            resource.RLIMIT_CORE: 0,
        }


DEFAULT_LIMITS = Limits()
