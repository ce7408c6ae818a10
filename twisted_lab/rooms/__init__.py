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
from twisted_lab.rooms.limits import Addresses, Limits, Rates, TooMany
from twisted_lab.rooms.member import Ear, Member, client_id
from twisted_lab.rooms.room import LEAVE, Room, plain

__all__ = [
    "CLIENTS",
    "LEAVE",
    "OVERHEAD",
    "PAGE_MESSAGES",
    "Addresses",
    "Ear",
    "Guest",
    "History",
    "HistoryBusy",
    "Limits",
    "Line",
    "Member",
    "MemoryHistory",
    "Page",
    "Rates",
    "Retention",
    "Room",
    "Said",
    "TooMany",
    "client_id",
    "plain",
]
