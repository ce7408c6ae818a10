"""Rooms where people talk: members, names, history and limits; no network, no clock."""

from twisted_lab.rooms.guest import Guest, Line
from twisted_lab.rooms.history import CLIENTS, History, MemoryHistory, Said
from twisted_lab.rooms.room import Ear, Member, Room, client_id, plain

__all__ = [
    "CLIENTS",
    "Ear",
    "Guest",
    "History",
    "Line",
    "Member",
    "MemoryHistory",
    "Room",
    "Said",
    "client_id",
    "plain",
]
