"""The machine that measures, and the versions of its software."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench.servers import LOAD_CORE, SERVER_CORE

LIBRARIES = ("Twisted", "uvloop", "gevent", "tornado")


def _first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return f"not measured, because {command[0]} is not installed"
    return subprocess.check_output(command, text=True).splitlines()[0]


def processor() -> str:
    """Describe the processor and its memory in one line."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    assert memory
    return (
        f"Processor: {model[1] if model else platform.machine()}, "
        f"{os.cpu_count()} cores, {int(memory[1]) >> 20} GiB of memory"
    )


def machine() -> str:
    """Describe the machine in the lines of a list."""
    busy = os.getloadavg()[0]
    lines = [
        processor(),
        f"Kernel: {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        f"C: {_first_line('cc', '--version')}, with `-O2`",
        f"Go: {_first_line('go', 'version')}",
        f"Servers on core {SERVER_CORE}, load on core {LOAD_CORE}",
        f"Load average of the machine before the first round: {busy:.2f}",
    ]
    return "\n".join(f"- {line}" for line in lines)
