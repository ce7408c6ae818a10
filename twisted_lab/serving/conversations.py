"""From a conversation to a service, over the framing in the options."""

from __future__ import annotations

from typing import ClassVar

from twisted_lab.channels import (
    Conversation,
    ConversationFactory,
    Int32Channel,
    StreamChannel,
    TextChannel,
)
from twisted_lab.codecs import MAX_MESSAGE, NEWLINES
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.serving.building import process_of, stream_service
from twisted_lab.text.command_line import natural_number, one_of


class ConversationOptions(ServiceOptions):
    """The options of a conversation; a subclass names the service and its port."""

    default_framing: ClassVar[str] = "text"
    # Whether messages are kept out of the log even at level debug, and text received together with
    # a NUL before it is an error: a C program's buffer may have a password there.
    has_secrets: ClassVar[bool] = True

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
            self.has_secrets,
        )


def conversation_service(options: ConversationOptions, converse: Conversation) -> ServiceProcess:
    """Build the service that has a conversation with each peer.

    Args:
        options: Where it listens, its framing and limits.
        converse: The conversation.

    Returns:
        The process that it belongs to.
    """
    process = process_of(options)
    events = process.log.events_of(options.command)
    if not options.has_secrets:
        events.allow_bytes()
    factory = ConversationFactory(
        process.reactor,
        events,
        converse,
        options.make_channel,
        options.make_connections(),
        process.turns,
    )
    return stream_service(options, factory, factory.connections)
