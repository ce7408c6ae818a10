"""Rooms where people talk: members, names, history and limits; no network, no clock."""

from twisted_lab.rooms.history import History, MemoryHistory, Said
from twisted_lab.rooms.room import Member, Room, plain

__all__ = ["History", "Member", "MemoryHistory", "Room", "Said", "plain"]
