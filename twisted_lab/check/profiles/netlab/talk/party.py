"""A peer that knows a service's protocol: it expects each byte that docs/protocols.md tells."""

from __future__ import annotations

from collections.abc import Callable

from twisted_lab.check.outcomes import Failed, Weak
from twisted_lab.check.profiles.netlab.talk.wire import TEXT, Framing
from twisted_lab.check.subjects.peer import Peer
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _, ngettext

_MOST_SHOWN = 60


class Party:
    """A peer on a TCP connection.

    Args:
        trial: Notes what is said.
        server: The server.
        peer: The connection.
        framing: How messages are put on the wire; None for the echo.
        name: Its name, for people.

    Attributes:
        peer: The connection.
    """

    def __init__(
        self, trial: Trial, server: Server, peer: Peer, framing: Framing | None, name: str
    ) -> None:
        self.peer = peer
        self._trial = trial
        self._server = server
        self._framing = framing or TEXT
        self._name = name
        self._read = 0

    @property
    def unread(self) -> bytes:
        """What has come, and was not expected yet."""
        return bytes(self.peer.received[self._read :])

    @property
    def address(self) -> tuple[str, int]:
        """The address from which it has connected."""
        return self.peer.address

    def forget(self) -> None:
        """Drop the bytes that were expected and came, of which a peer holds only so many."""
        del self.peer.received[: self._read]
        self._read = 0

    def say(self, *texts: str) -> None:
        """Send messages, all at once."""
        self.send(b"".join(map(self._framing.encode, texts)))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._trial.step(_("{name} sends {data}", name=self._name, data=shown(data)))
        self._trial.sent(self._name, _("server"), True, data)
        self._server.program.poked()
        self.peer.write(data)

    async def send_bytes(self, data: bytes, apart: float) -> None:
        """Send bytes one by one.

        Args:
            data: The bytes.
            apart: The time between two of them, in seconds.
        """
        for number in range(len(data)):
            self.send(data[number : number + 1])
            await self._trial.activity.pause(apart)

    def finish(self) -> None:
        """End this direction (FIN)."""
        self._trial.step(_("{name} ends its direction (FIN)", name=self._name))
        self._server.program.poked()
        self.peer.finish()

    async def expect(self, *texts: str, within: float = 0.0) -> None:
        """See that messages come next.

        Args:
            texts: The messages.
            within: How long the server may let the peer wait by design, in seconds.

        Raises:
            Failed: Other bytes come, or none.
        """
        await self.expect_bytes(b"".join(map(self._framing.encode, texts)), within)

    async def expect_bytes(self, expected: bytes, within: float = 0.0) -> None:
        """See that bytes come next; see `expect`."""
        self._trial.step(_("{name} receives {data}", name=self._name, data=shown(expected)))

        def is_decided() -> bool:
            unread = self.unread
            return len(unread) >= len(expected) or not expected.startswith(unread)

        await self._wait(is_decided, within)
        found = self.unread[: len(expected)]
        if found != expected:
            raise Failed(self._story(), difference=Difference(expected, self.unread))
        self._note(len(expected))

    async def hear(self, within: float = 0.0) -> str:
        """Return the next message, whatever it is; see `expect`."""
        self._trial.step(_("{name} receives a message", name=self._name))
        await self._wait(lambda: self._decode() is not None, within)
        message = self._decode()
        if message is None:
            raise Failed(self._story())
        text, size = message
        self._note(size)
        return text

    def _decode(self) -> tuple[str, int] | None:
        try:
            return self._framing.decode(self.unread)
        except ValueError:  # no number, or not UTF-8
            note = _("What came is no message.")
            raise Failed(note, difference=Difference(b"", self.unread)) from None

    async def expect_start(self, start: str, within: float = 0.0) -> str:
        """See that the next message begins with a text, and return it; see `expect`."""
        text = await self.hear(within)
        if not text.startswith(start):
            raise Failed(
                _("The message is another one."),
                difference=Difference(start.encode(), text.encode()),
            )
        return text

    async def expect_end(self, within: float = 0.0, may_reset: bool = False) -> None:
        """See that the server sends nothing more, and closes the connection.

        Args:
            within: How long the server may let the peer wait by design, in seconds.
            may_reset: Whether it may reset it: nothing that it sent matters.

        Raises:
            Failed: It sends more, or does not close.
            Weak: It resets the connection.
        """
        self._trial.step(_("the server closes the connection of {name}", name=self._name))
        await self._wait(lambda: bool(self.unread), within)
        if self.unread:
            note = _("The server sent more than it should.")
            raise Failed(note, difference=Difference(b"", self.unread))
        if not self.peer.has_ended:
            raise Failed(_("The server did not close the connection."))
        if self.peer.was_reset and not may_reset:
            raise Weak(_("The server reset the connection."))

    async def expect_silence(self) -> None:
        """See that the server waits, and has sent nothing more."""
        self._trial.step(_("{name} receives nothing more", name=self._name))
        await self._server.program.settle(self._trial.bench.patience)
        if self.unread:
            note = _("The server sent more than it should.")
            raise Failed(note, difference=Difference(b"", self.unread))

    async def _wait(self, condition: Callable[[], bool], within: float) -> None:
        bench, program = self._trial.bench, self._server.program

        def is_over() -> bool:
            return self.peer.has_ended or condition()

        if not (within and await bench.activity.until(is_over, within)):
            await program.until(is_over, bench.patience)
        if self.peer.has_ended and not condition():
            await program.settle(bench.patience)  # it may be ending, and its end tells why

    def _note(self, size: int) -> None:
        self._trial.sent(self._name, _("server"), False, self.unread[:size])
        self._read += size

    def _story(self) -> str:
        if self._server.program.has_ended:
            return _("The server ended with {end}.", end=self._server.program.end)
        if self.peer.has_ended and not self.unread:
            return _("The server closed the connection.")
        return _("Other bytes came.") if self.unread else _("Nothing came.")


def shown(data: bytes) -> str:
    """Return bytes for a step: the text, or how many there are."""
    if len(data) > _MOST_SHOWN:
        return ngettext("{n:,} byte", "{n:,} bytes", len(data))
    return _('"{text}"', text=escape_bytes(data))
