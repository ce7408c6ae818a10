"""Rooms where people talk: members, names, history and limits; no network, no clock."""

from twisted_lab.rooms.guest import Guest, Line
from twisted_lab.rooms.history import CLIENTS, PAGE_MESSAGES, History, MemoryHistory, Page, Said
from twisted_lab.rooms.limits import Addresses, Limits, Rates, TooMany
from twisted_lab.rooms.member import Ear, Member, client_id
from twisted_lab.rooms.room import Room, plain

__all__ = [
    "CLIENTS",
    "PAGE_MESSAGES",
    "Addresses",
    "Ear",
    "Guest",
    "History",
    "Limits",
    "Line",
    "Member",
    "MemoryHistory",
    "Page",
    "Rates",
    "Room",
    "Said",
    "TooMany",
    "client_id",
    "plain",
]
