"""Rooms where people talk: members, names, history and limits; no network, no clock."""

from twisted_lab.rooms.guest import Guest, Line
from twisted_lab.rooms.history import (
    CLIENTS,
    OVERHEAD,
    PAGE_MESSAGES,
    History,
    HistoryBusy,
    MemoryHistory,
    Page,
    Retention,
    Said,
)
from twisted_lab.rooms.room import Ear, Member, Room, client_id, plain

__all__ = [
    "CLIENTS",
    "OVERHEAD",
    "PAGE_MESSAGES",
    "Ear",
    "Guest",
    "History",
    "HistoryBusy",
    "Line",
    "Member",
    "MemoryHistory",
    "Page",
    "Retention",
    "Room",
    "Said",
    "client_id",
    "plain",
]
