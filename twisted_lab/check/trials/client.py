"""A client of the server that is checked, with the manners that this server wants."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from socket import SocketKind

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.echoes import Search, came_back
from twisted_lab.check.conversation.login import reply_to
from twisted_lab.check.kernel.sockets import Socket
from twisted_lab.check.outcomes import Failed, NotOffered
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.subjects.peer import Peer
from twisted_lab.check.subjects.server import Server
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _, ngettext

_REST_SECONDS = 0.2
APART_SECONDS = 0.1  # between two sends without an answer, so that they arrive apart


class Client:
    """A client that talks to the server in its framing, and waits by what the kernel shows.

    Args:
        trial: Notes what is said.
        server: The server.
        peer: The connection.
        manners: How the server wants to be talked to.
        number: The client's number, which makes its name.

    Attributes:
        peer: The connection.
        number: The client's number.
        name: The client's name, for people.
        heard: What was received since the last message was sent.
    """

    def __init__(
        self, trial: Trial, server: Server, peer: Peer, manners: Manners, number: int
    ) -> None:
        self.peer = peer
        self.number = number
        self.name = _("client {number}", number=number)
        self._login = f"anna{number}"
        self._trial = trial
        self._server = server
        self._manners = manners
        self._heard_before = 0
        self._noted = 0
        self._rest = b""  # of a message whose header must arrive first

    @property
    def heard(self) -> bytes:
        """What was received since the last message was sent."""
        return bytes(self.peer.received[self._heard_before :])

    @property
    def heard_parts(self) -> list[bytes]:
        """The same, datagram by datagram; what comes by a stream is one."""
        return self.parts(self._heard_before)

    def parts(self, start: int) -> list[bytes]:
        """Return the same of what came behind the first `start` bytes of all."""
        received = self.peer.received
        ends = sorted({len(received), *self.peer.borders})
        borders = [start, *(end for end in ends if end > start)]
        return [bytes(received[begin:end]) for begin, end in pairwise(borders)]

    def say(self, text: bytes) -> None:
        """Send a message.

        Raises:
            NotOffered: If the server's framing cannot hold so long a message.
        """
        if len(text) > self._manners.framing.longest:
            raise NotOffered(_("Its header cannot hold a length of {length:,}.", length=len(text)))
        self._heard_before = len(self.peer.received)
        self._trial.step(_("{name} sends {text}", name=self.name, text=_described(text)))
        framing = self._manners.framing
        if framing.is_apart:
            self.send(framing.header(len(text)))
            self._rest = text
        else:
            self.send(framing.encode(text))
        if self._manners.needs_end:
            self.peer.finish()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._trial.sent(self.name, _("server"), True, data)
        self._server.program.poked()
        self.peer.write(data)

    async def talk(self, text: bytes) -> None:
        """Send a text and hear the answer, whatever it is."""
        self.say(text)
        await self.settle()

    async def settle(self) -> bool:
        """Wait until the server has answered and waits; the questions to its operator, too.

        Returns:
            Whether it waits or has ended: one that spins does neither.
        """
        program = self._server.program
        await self._say_rest()
        while waits := await program.settle(self._trial.bench.patience):
            if not program.answer_question():
                break
        if program.has_ended:
            await self._hear_the_end()
        self._note()
        return waits

    async def hears_back(self, text: bytes) -> bool:
        """Wait for a text that was sent, and return whether it came back."""
        came = await self._hear(lambda: came_back(self.heard, text))
        if came and not self.peer.has_ended:
            # What the server puts after the text may still come: a newline, or the next prompt.
            await self._server.program.until(lambda: self.peer.has_ended, _REST_SECONDS)
            self._note()
        return came

    async def hears(self, *texts: bytes) -> bool:
        """Wait for texts of other clients, and return whether all came."""
        search = Search(texts, self._heard_before)
        return await self._hear(lambda: search.has_found(self.peer.received))

    async def _hear(self, is_complete: Callable[[], bool]) -> bool:
        program, peer = self._server.program, self.peer
        patience = self._trial.bench.patience
        await self._say_rest()
        while True:
            await program.until(lambda: is_complete() or peer.has_ended, patience)
            if peer.has_ended and not is_complete():
                # A process that ends closes its connections first, and its end tells why.
                await program.settle(patience)
            if program.has_ended:
                await self._hear_the_end()
            self._note()
            if is_complete() or peer.has_ended or program.has_ended:
                return is_complete()
            if not program.answer_question() and not self._is_sending:
                return False

    @property
    def _is_sending(self) -> bool:
        # The server has read all that came, and only waits for what is still on its way to it.
        own_end = self._own_end
        return bool(self.peer.unwritten) and own_end is not None and not own_end.unread

    async def _say_rest(self) -> None:
        if self._rest:
            await self._server.program.settle(self._trial.bench.patience)
            self.send(self._rest)
            self._rest = b""

    async def _hear_the_end(self) -> None:
        # The last words of a program, and its FIN, may still be on the way through the kernel.
        await self._trial.activity.until(lambda: self.peer.has_ended, _REST_SECONDS)

    def _note(self) -> None:
        for part in self.parts(self._noted):
            self._trial.sent(self.name, _("server"), False, part)
        self._noted = len(self.peer.received)

    async def expect_back(self, text: bytes) -> None:
        """Send a text and see that it comes back.

        Raises:
            Failed: If it does not.
        """
        self.say(text)
        self._trial.step(_("{name} receives it back", name=self.name))
        if not await self.hears_back(text):
            raise self.failure(text)

    def failure(self, text: bytes) -> Failed:
        """Return the failure of a text that did not come back, with its cause if that shows."""
        traceback = self._server.program.traceback
        cause = likely_cause(traceback)
        if not traceback and self._waits_for_others:
            cause = mistakes.ACCEPT_AGAIN
        elif not traceback and self.shows_bytes(text):
            cause = mistakes.RETURNS_REPR
        return Failed(self.story(text), cause, self.difference(text))

    def shows_bytes(self, text: bytes) -> bool:
        """Return whether a text came back as Python shows bytes: b'...'."""
        return text not in self.heard and repr(text[:1])[:-1].encode() in self.heard

    @property
    def _waits_for_others(self) -> bool:
        # Nothing but a new client would wake it, and this client's text is unread.
        snapshot = self._server.program.look()
        inputs = [each.sockets for each in snapshot.threads]
        only_accepts = all(each and all(one.is_listening for one in each) for each in inputs)
        return snapshot.is_waiting and only_accepts and self.leaves_unread

    def difference(self, text: bytes) -> Difference:
        """Return what was heard, beside a text as this server returns it."""
        return Difference.within(self._manners.echo(text), *self.heard_parts)

    def story(self, text: bytes) -> str:
        """Return what happened instead of the text coming back."""
        came = _what_came(self.heard, text)
        if self._server.program.has_ended:
            return _(
                "{what}, and the server ended with {end}.",
                what=came,
                end=self._server.program.end,
            )
        if self.peer.was_reset:
            return _("{what}, and the server reset the connection.", what=came)
        if self.peer.has_ended:
            return _("{what}, and the server closed the connection.", what=came)
        snapshot = self._server.program.look()
        if snapshot.is_waiting:
            if snapshot.wants_only_terminal:
                return _("{what}; the server waits for input on its terminal.", what=came)
            if self._waits_for_others:
                return _(
                    "{what}; the server has not read all that {name} sent, and waits for another "
                    "client.",
                    what=came,
                    name=self.name,
                )
            if self.leaves_unread:
                return _(
                    "{what}; the server has not read all that {name} sent, and waits.",
                    what=came,
                    name=self.name,
                )
            return _("{what}; the server waits for more.", what=came)
        return _("{what} within {seconds:.0f} s.", what=came, seconds=self._trial.bench.patience)

    @property
    def is_accepted(self) -> bool:
        """Whether the server has accepted the connection, and not closed it since."""
        return self._own_end is not None

    @property
    def leaves_unread(self) -> bool:
        """Whether the server has the connection, and does not read what has come."""
        return self._own_end is not None and self._own_end.unread > 0

    @property
    def _own_end(self) -> Socket | None:
        sockets = self._server.program.look().sockets
        return next((each for each in sockets if each.peer_port == self.peer.port), None)

    async def expect_served(self, is_answered: bool) -> None:
        """Say something, and see that it comes back.

        Of a server that is no echo, see that it reads the text.

        Args:
            is_answered: Whether a server that is no echo has answered another client.

        Raises:
            Failed: If it does not.
        """
        text = self._trial.text(12)
        if self._manners.is_echo:
            await self.expect_back(text)
            return
        await self.talk(text)
        self._trial.step(
            _("the server reads it and answers") if is_answered else _("the server reads it")
        )
        peer, own_end = self.peer, self._own_end
        is_read = not own_end.unread if own_end else peer.has_ended and not peer.was_reset
        if is_answered and not self.heard:
            raise Failed(self.story(text))
        if not is_read and not self.heard:
            raise Failed(_("The server did not read what {name} said.", name=self.name))

    async def enter(self) -> None:
        """Hear the greeting and log in, if the server wants that."""
        manners = self._manners
        if manners.greets:
            await self.settle()
        for number in range(manners.login):
            self.say(reply_to(self.heard, self._login, number))
            await self.settle()

    async def leave(self) -> bool:
        """Close politely: send FIN, which UDP does not have, and read until the server closes.

        Returns:
            Whether the server waits for something else, or has ended: see `settle`.
        """
        self._trial.step(
            _("{name} closes its socket", name=self.name)
            if self._server.kind is SocketKind.SOCK_DGRAM
            else _("{name} leaves in order (FIN)", name=self.name)
        )
        self._server.program.poked()
        self.peer.finish()
        waits = await self.settle()
        self.peer.close()
        return waits

    async def abort(self) -> None:
        """Leave with a reset, as a client that has crashed."""
        self._trial.step(_("{name} resets the connection (RST)", name=self.name))
        self._server.program.poked()
        self.peer.reset()
        await self.settle()


def runs_on(client: Client) -> str:
    """Return that a server has not waited since a client left."""
    return _(
        "Since {client} left, the server has run on and on: it uses processor time, and waits for "
        "nothing.",
        client=client.name,
    )


def expect_any_segments(manners: Manners) -> None:
    """See that a message may be sent in any segments.

    Raises:
        NotOffered: If its header must arrive alone.
    """
    if manners.framing.is_apart:
        raise NotOffered(_("The header has no fixed length: only a pause tells where it ends."))


def expect_many_messages(manners: Manners) -> None:
    """See that a connection may carry more than one message.

    Raises:
        NotOffered: If it carries one.
    """
    if manners.needs_end:
        raise NotOffered(
            _("The server answers only after the client's FIN: one message for each connection.")
        )
    if manners.ends_each:
        raise NotOffered(_("The server serves one message for each connection."))


def _what_came(heard: bytes, text: bytes) -> str:
    if not heard:
        return _("Nothing came back")
    if len(heard) >= len(text):
        return _("Other bytes came back")
    return _("{n:,} of {total:,} bytes came back", n=len(heard), total=len(text))


def _described(text: bytes) -> str:
    if len(text) > 60:
        return ngettext("{n:,} byte", "{n:,} bytes", len(text))
    return _('"{text}"', text=escape_bytes(text))
