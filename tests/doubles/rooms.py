"""Rooms in which all members may have one address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.task import Clock, deferLater
from twisted.logger import LogLevel

from tests.doubles.recording import recorded_events
from twisted_lab.channels import FanOut
from twisted_lab.rooms import History, Limits, LocalRoom, Rates
from twisted_lab.rooms.rate_limits import Address
from twisted_lab.services.chat import Chat

FREE = Rates(members=10**6, joins=1e6, message_bytes=1e9, history_bytes=1e9, copies=1e9)


def free_limits() -> Limits:
    return Limits(Address(FREE, 0.0), 0.0)


def make_room(history: History, clock: Clock, ticks: Callable[[], float]) -> LocalRoom:
    fan_out = FanOut(clock, recorded_events(LogLevel.warn)[0])
    return LocalRoom(history, fan_out, ticks, partial(deferLater, clock))


def open_chat(history: History, clock: Clock, rates: Rates = FREE) -> Chat:
    room, events = make_room(history, clock, clock.seconds), recorded_events(LogLevel.warn)[0]
    return Chat(room, clock.seconds, clock, events, rates)
