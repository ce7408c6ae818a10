"""The lecture's servers: what they send, byte for byte, and the options for it.

Python shows the received bytes in their replies, as in ``Hello, b'Alex'``.
"""

from __future__ import annotations

from twisted.python import usage

from twisted_lab.channels import Channel, FanOut, PeerSilent
from twisted_lab.serving import ConversationOptions, option
from twisted_lab.text.language import N_, _

PACE = 50  # milliseconds; a client that calls recv() twice gets two messages
LECTURE = option.flag(N_("Send exactly what the server in the course's lecture sends."))


def answer_upper_case(data: bytes, _: bool) -> bytes:
    """Answer the echo's input with its ASCII letters in upper case."""
    return data.upper()


def answer_with_bytes(text: str) -> str:
    """Repeat the bytes of a message in upper case."""
    return f"Your messaget: {repr(text.encode()).upper()}"


async def ask_name(channel: Channel) -> None:
    """Ask for a name, and greet with its bytes."""
    channel.say("What's your name?")
    name = await channel.hear()
    channel.say(f"Hello, {name.encode()!r}")


async def relay_first(members: FanOut, channel: Channel) -> None:
    """Relay a client's first message to it and to all that have spoken before it.

    The lecture's server serves one new client at a time. So a client gets each message from its own
    on, and nothing reads what it sends after that. Here, clients need not wait for each other.

    Args:
        members: Sends messages to the clients that have spoken.
        channel: The client.
    """
    channel.say("CONNECT")
    text = await channel.hear()
    sender = (channel.peer.host, channel.peer.port)
    members.add(channel)
    try:
        async with members.heard_out():
            members.say(f"Message from client {sender}: {repr(text.encode()).upper()}")
            while True:
                try:
                    await channel.hear()
                except PeerSilent:
                    continue  # It just listens.
    finally:
        members.remove(channel)


class LectureOptions(ConversationOptions):
    """The options of a conversation that the lecture has, too."""

    lecture = LECTURE

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: Options cannot be combined, or another one is required.
        """
        if self.lecture:
            self.paces_all = True
            for name, needed, value, is_so in (
                ("framing", "text", "text", self.framing == "text"),
                ("newline", "none", "none", self.newline == "none"),
                ("pace", _("above 0"), PACE, self.pace > 0),
            ):
                if not is_so and name in self.given | self.given_to_all:
                    raise usage.UsageError(
                        _(
                            "{lecture} requires {name} {needed}",
                            lecture=self.name_of("lecture"),
                            name=self.name_of(name),
                            needed=needed,
                        )
                    )
                if not is_so:
                    self.update({name: value})
        super().postOptions()
