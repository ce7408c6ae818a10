"""Database of a process, in a module of its own because SQLite is slow to import."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.storage import (
    DEFAULT_FILE,
    Migrations,
    Store,
    Tables,
    counted,
    is_server,
    row,
)
from twisted_lab.storage.notifications import Notifications
from twisted_lab.storage.tables import Q
from twisted_lab.storage.threads import Storage

__all__ = [
    "DEFAULT_FILE",
    "Migrations",
    "Store",
    "Tables",
    "counted",
    "is_server",
    "notify",
    "row",
    "shared_storage",
]


def shared_storage(process: ServiceProcess, path: str, tables: Tables[Q]) -> Store[Q]:
    """Return a store for work on `tables` in the process's database in the file `path`.

    Services that name the same file share its threads and transactions.

    Args:
        process: The process, which opens the file before it serves and closes it at the end.
        path: The name of the file.
        tables: The service's own tables; opening the file creates or upgrades them.
    """
    storage = Storage(process.reactor, path, process.events)
    for resource in process.resources:
        if isinstance(resource, Storage) and resource.path == storage.path:
            return resource.of(tables)
    process.resources.append(storage)
    process.outages.append(lambda: storage.outage)
    return storage.of(tables)


def notify(
    process: ServiceProcess, path: str, channel: str, wake: Callable[[str | None], object]
) -> None:
    """Call a function whenever a transaction on the server has notified a channel.

    Args:
        process: The process.
        path: The address of the database.
        channel: The name of the channel.
        wake: The function; see `Notifications`.
    """
    process.resources.append(Notifications(process.reactor, path, channel, wake))
