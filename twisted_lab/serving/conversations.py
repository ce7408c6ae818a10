"""Construction of a service from a conversation and options."""

from __future__ import annotations

from typing import ClassVar

from twisted.python import usage

from twisted_lab.channels import (
    Conversation,
    ConversationFactory,
    Int32Channel,
    StreamChannel,
    TextChannel,
    TextHeaderChannel,
)
from twisted_lab.codecs import COUNTS, MAX_MESSAGE, NEWLINES, framing_name, text_header
from twisted_lab.process.network_service import NetworkService
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.serving.building import stream_service
from twisted_lab.text import option
from twisted_lab.text.language import N_, _


class ConversationOptions(ServiceOptions):
    """The options of a conversation; a subclass sets the service's name and port."""

    default_framing: ClassVar[str] = "text"
    # Whether messages are never logged, even at level debug or as a bad header, and text received
    # together with a NUL before it is an error: in a C program's buffer it may be a password.
    has_secrets: ClassVar[bool] = True
    # Whether `pace` applies to every peer, from the first message on.
    paces_all = False

    framing = option.parsed(
        N_("text (lines), int32 (a length first), or decimal:N or hex:N (the length in N digits)."),
        framing_name,
        default="text",
        short="f",
        metavar="text|int32|decimal:N|hex:N",
    )
    count = option.choice(
        N_("With --framing decimal:N or hex:N: what the length counts, bytes or characters."),
        *COUNTS,
        default="bytes",
    )
    newline = option.choice(
        N_("What ends each line that the server sends: lf, crlf or none."), *NEWLINES, default="lf"
    )
    idle_flush = option.number(
        N_("Milliseconds of silence that end a message without a newline; 0: silence ends none."),
        default=200,
        least=0,
        unit=N_("milliseconds"),
    )
    pace = option.number(
        N_(
            "Milliseconds between two messages to a peer that sends no newlines; with 0 the "
            "messages of one turn are sent together, with LF between them."
        ),
        default=0,
        least=0,
        unit=N_("milliseconds"),
    )
    max_message = option.size(N_("The longest message, in bytes."), default=MAX_MESSAGE)

    def __init__(self) -> None:
        super().__init__()
        self.framing = self.defaults["framing"] = self.default_framing

    def postOptions(self) -> None:
        """See `ServiceOptions`."""
        super().postOptions()
        # Not in `given` if netlab passes it to all services: then it is not meant for this one.
        if "count" in self.given and self.framing in ("text", "int32"):
            raise usage.UsageError(
                _(
                    "{count} needs {framing} decimal:N or hex:N",
                    count=self.name_of("count"),
                    framing=self.name_of("framing"),
                )
            )

    def make_channel(self) -> StreamChannel:
        """Create a channel with the framing and the limits in the options."""
        if self.framing == "int32":
            return Int32Channel(self.idle_timeout, self.max_message)
        if self.framing != "text":
            header = text_header(self.framing, self.count)
            return TextHeaderChannel(self.idle_timeout, header, self.max_message, self.has_secrets)
        return TextChannel(
            self.idle_timeout,
            self.max_message,
            NEWLINES[self.newline],
            self.idle_flush / 1000,
            self.pace / 1000,
            self.has_secrets,
            self.paces_all,
        )


def conversation_service(
    process: ServiceProcess, options: ConversationOptions, converse: Conversation
) -> NetworkService:
    """Build a service that runs a conversation with each peer.

    Args:
        process: The process that the service belongs to.
        options: The ports, the framing and the limits.
        converse: The conversation.
    """
    events = process.log.events_of(options.command)
    if not options.has_secrets:
        events.allow_bytes()
    factory = ConversationFactory(
        process.reactor,
        events,
        converse,
        options.make_channel,
        options.make_connections(),
    )
    return stream_service(process, options, factory, factory.connections)
