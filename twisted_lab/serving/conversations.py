"""From a conversation to a service, over the framing that the options say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from twisted_lab.channels import (
    Conversation,
    ConversationFactory,
    Int32Channel,
    StreamChannel,
    TextChannel,
)
from twisted_lab.codecs import MAX_MESSAGE, NEWLINES
from twisted_lab.serving.event_log import EventLog
from twisted_lab.serving.options import ServiceOptions
from twisted_lab.serving.service import NetworkService, Resource
from twisted_lab.serving.supervisor import stream_service
from twisted_lab.usage import natural_number, one_of


class ConversationOptions(ServiceOptions):
    """The options of a conversation; a subclass names the service and its port."""

    default_framing: ClassVar[str] = "text"

    optParameters: ClassVar = [
        [
            "framing",
            "f",
            None,
            "text (lines) or int32 (a length first)",
            one_of("framing", "text", "int32"),
        ],
        [
            "newline",
            None,
            "lf",
            "What ends our lines: lf, crlf or none.",
            one_of("newline", *NEWLINES),
        ],
        [
            "idle-flush",
            None,
            200,
            "Milliseconds of silence that end a message without a newline.",
            natural_number("idle-flush"),
        ],
        [
            "pace",
            None,
            50,
            "Milliseconds between two messages to a peer that sends no newlines.",
            natural_number("pace"),
        ],
        [
            "max-message",
            None,
            MAX_MESSAGE,
            "The most bytes of a message.",
            natural_number("max-message"),
        ],
        [
            "idle-timeout",
            None,
            600,
            "Seconds of silence after which a peer is hung up on.",
            natural_number("idle-timeout"),
        ],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.docs["framing"] += f". [default: {self.default_framing}]"
        self["framing"] = self.default_framing

    def make_channel(self) -> StreamChannel:
        """Make a channel of the framing, and with the limits, that were asked for."""
        if self["framing"] == "int32":
            return Int32Channel(self["idle-timeout"], self["max-message"])
        return TextChannel(
            self["idle-timeout"],
            self["max-message"],
            NEWLINES[self["newline"]],
            self["idle-flush"] / 1000,
            self["pace"] / 1000,
        )


def conversation_service(
    options: ConversationOptions,
    converse: Conversation,
    reactor: Any = None,
    *,
    log: EventLog | None = None,
    resources: Sequence[Resource] = (),
) -> NetworkService:
    """Build the service that has a conversation with each peer.

    Args:
        options: Where it listens, its framing and limits, and where it logs.
        converse: The conversation.
        reactor: Where to run; by default the one that is installed.
        log: Where its events go, if something else reports there, too.
        resources: What the conversation needs; opened before it serves, closed at the end.
    """
    if reactor is None:
        from twisted.internet import reactor
    log = log or EventLog(options, reactor)
    factory = ConversationFactory(reactor, log.events, converse, options.make_channel)
    return stream_service(options, reactor, log, factory, factory.connections, resources)
