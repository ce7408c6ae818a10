"""The room of netlab-chat: of this process, or on several nodes."""

from __future__ import annotations

import time
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from twisted_lab.channels import FanOut, Unable
from twisted_lab.reliable import CookieSecrets, SharedSecrets
from twisted_lab.rooms import History, LocalRoom, MemoryHistory, Retention, Room
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.schema import HISTORY_TABLES, SHARED_TABLES
from twisted_lab.rooms.shared_log import SharedLog
from twisted_lab.rooms.shared_room import SharedRoom
from twisted_lab.rooms.shared_writing import CHANNEL
from twisted_lab.serving import ServiceProcess
from twisted_lab.serving.storage import is_server, notify, shared_storage


def make_room(
    process: ServiceProcess, command: str, path: str | None, retention: Retention
) -> tuple[Room, CookieSecrets | None]:
    """Return the room, and the secrets of cookies; None for secrets of this process.

    Args:
        process: The process.
        command: The name of the service.
        path: The name of the database of messages; None for none. All processes that name the same
            database on a server share the room.
        retention: The limits of the history.
    """
    clock = process.reactor
    events = process.log.events_of(command)
    fan_out, sleep = FanOut(clock, events), partial(deferLater, clock)
    if path is not None and is_server(path):
        log = SharedLog(shared_storage(process, path, SHARED_TABLES), retention)
        cookies = SharedSecrets()
        uptime = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
        room = SharedRoom(
            log, fan_out, clock.seconds, sleep, process.now, uptime, cookies.use, events.lease
        )
        process.resources.insert(0, room)  # It is closed before the database is.
        notify(process, path, CHANNEL, room.notified)
        text = "Members of the room, on all nodes; each node counts the same ones."
        process.add_gauge(command, "room_members", text, lambda: room.members)
        text = "1 while this node holds its lease, and so sends to its members; else 0."
        process.add_gauge(command, "lease", text, lambda: int(room.holds_lease))
        return room, cookies
    history: History = MemoryHistory(retention)
    if path is not None:
        storage = shared_storage(process, path, HISTORY_TABLES)
        kept = history = KeptHistory(storage, retention)
        # This runs once the file is open. If it fails, the first message will report that.
        Deferred.fromCoroutine(kept.prune(process.now())).addErrback(
            lambda error: error.trap(Unable)
        )
    return LocalRoom(history, fan_out, clock.seconds, sleep), None
