"""A chat whose members may all come from one address."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import LogLevel

from tests.doubles.recording import recorded_events
from twisted_lab.rooms import History, Rates
from twisted_lab.services.chat import Chat

FREE = Rates(members=10**6, joins=1e6, message_bytes=1e9, history_bytes=1e9)


def open_chat(history: History, clock: Clock, rates: Rates = FREE) -> Chat:
    return Chat(history, clock.seconds, clock, recorded_events(LogLevel.warn)[0], rates)
