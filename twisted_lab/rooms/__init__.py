"""Chat rooms: members, names, history and rate limits, without network or clock."""

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
from twisted_lab.rooms.local_room import LocalRoom
from twisted_lab.rooms.member import Member, MemberChannel, MemberGone, client_id
from twisted_lab.rooms.rate_limits import Addresses, Limits, Rates, TooMany
from twisted_lab.rooms.room import Room, plain
from twisted_lab.rooms.room_client import Line, RoomClient

__all__ = [
    "CLIENTS",
    "OVERHEAD",
    "PAGE_MESSAGES",
    "Addresses",
    "History",
    "HistoryBusy",
    "Limits",
    "Line",
    "LocalRoom",
    "Member",
    "MemberChannel",
    "MemberGone",
    "MemoryHistory",
    "Page",
    "Rates",
    "Retention",
    "Room",
    "RoomClient",
    "Said",
    "TooMany",
    "client_id",
    "plain",
]
