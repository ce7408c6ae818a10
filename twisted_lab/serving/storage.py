"""The database of a process, in a module of its own because SQLite is slow to import."""

from __future__ import annotations

from twisted_lab.process.service_process import Lab
from twisted_lab.storage.threads import Storage


def shared_storage(lab: Lab, path: str) -> Storage:
    """Return the lab's storage for the file; services that name the same one share it."""
    storage = Storage(lab.reactor, path)
    for resource in lab.resources:
        if isinstance(resource, Storage) and resource.path == storage.path:
            return resource
    lab.resources.append(storage)
    return storage
