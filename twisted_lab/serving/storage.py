"""The database of a process, in a module of its own because SQLite is slow to import."""

from __future__ import annotations

from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.storage.threads import Storage


def shared_storage(process: ServiceProcess, path: str) -> Storage:
    """Return the process's storage for the file; services that name the same one share it."""
    storage = Storage(process.reactor, path)
    for resource in process.resources:
        if isinstance(resource, Storage) and resource.path == storage.path:
            return resource
    process.resources.append(storage)
    return storage
