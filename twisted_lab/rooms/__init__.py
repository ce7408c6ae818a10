"""Rooms where people talk: members, names, history and limits; no network, no clock."""

from twisted_lab.rooms.guest import Guest, Line
from twisted_lab.rooms.history import CLIENTS, PAGE_MESSAGES, History, MemoryHistory, Page, Said
from twisted_lab.rooms.room import Ear, Member, Room, client_id, plain

__all__ = [
    "CLIENTS",
    "PAGE_MESSAGES",
    "Ear",
    "Guest",
    "History",
    "Line",
    "Member",
    "MemoryHistory",
    "Page",
    "Room",
    "Said",
    "client_id",
    "plain",
]
