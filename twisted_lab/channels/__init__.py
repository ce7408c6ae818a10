"""Channels: messages between a conversation and its peer, over any transport."""

from twisted_lab.channels.base import BaseChannel, Output
from twisted_lab.channels.channel import (
    Channel,
    Conversation,
    PeerGone,
    PeerSilent,
    Refused,
)
from twisted_lab.channels.closing import LINGER_SECONDS, cancel, shut_down
from twisted_lab.channels.connections import Connection, Connections
from twisted_lab.channels.factory import ConversationFactory
from twisted_lab.channels.fan_out import FanOut
from twisted_lab.channels.idleness import IdleTimer
from twisted_lab.channels.inbox import Inbox
from twisted_lab.channels.int32 import Int32Channel
from twisted_lab.channels.phase import Phase
from twisted_lab.channels.stream import StreamChannel
from twisted_lab.channels.text import TextChannel
from twisted_lab.channels.text_header import TextHeaderChannel
from twisted_lab.channels.turn_budget import TurnBudget
from twisted_lab.codecs import MessageError
from twisted_lab.resources import Unable

__all__ = [
    "LINGER_SECONDS",
    "BaseChannel",
    "Channel",
    "Connection",
    "Connections",
    "Conversation",
    "ConversationFactory",
    "FanOut",
    "IdleTimer",
    "Inbox",
    "Int32Channel",
    "MessageError",
    "Output",
    "PeerGone",
    "PeerSilent",
    "Phase",
    "Refused",
    "StreamChannel",
    "TextChannel",
    "TextHeaderChannel",
    "TurnBudget",
    "Unable",
    "cancel",
    "shut_down",
]
