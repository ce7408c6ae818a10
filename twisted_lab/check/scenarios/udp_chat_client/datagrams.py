"""Clients of a chat by UDP: datagrams that they send and receive."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from socket import SocketKind

from twisted_lab.check.conversation.encodings import other_form
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements import mistakes
from twisted_lab.check.requirements.udp_chat_client import (
    OTHER_SOCKET,
    RECEIVES_FIRST,
    SHORT_BUFFER,
    USES_TCP,
)
from twisted_lab.check.scenarios.echo_client import lines
from twisted_lab.check.subjects.datagram_listener import DatagramListener
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.start_client import NAME, start_client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.user import User, beginning, shown_instead
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.escaping import escape_bytes
from twisted_lab.text.language import _

_PAUSE_SECONDS = 5.0
_NO_TEXT = b"\xff\xfe\xd0\n"
_OTHER_LETTERS = "привет, Ёж"
_ESCAPED = b"\\u043f"  # the first of them in JSON
_OTHER_NAME = b"boris"  # a client may leave out what has its own name
# Around a line, they tell that a program has a format of its own, such as JSON.
_FORMAT = re.compile(rb"[^\w\s:.,>()\[\]-]", re.ASCII)


async def sends_datagrams(trial: Trial, manners: ClientManners) -> None:
    """UD-1."""
    user = await _started(trial, manners)
    if user.server.is_reached():
        return
    trial.step(_("now the server listens by TCP, too"))
    by_tcp = await _started(trial, replace(manners, kind=SocketKind.SOCK_STREAM))
    if by_tcp.server.is_reached():
        await _expect_no_line(trial, by_tcp)
        raise NotOffered(_("The client uses TCP."))
    if not trial.is_isolated:
        raise NotChecked(_("The client may use an address of its own, which cannot be heard here."))
    raise Failed(user.story(_("The client sent no datagram")), user.cause())


async def _expect_no_line(trial: Trial, by_tcp: User) -> None:
    """See that a client does not send lines by TCP: it may use that for something else.

    Raises:
        Failed: If it does.
    """
    if await by_tcp.ready():
        line = trial.line(12)
        by_tcp.type_line(line)
        if await by_tcp.receives(line.encode()):
            trial.expect(_("the line leaves it in a datagram"))
            raise Failed(_("The client connects by TCP, and sends the line there."), USES_TCP)


async def _started(trial: Trial, manners: ClientManners) -> User:
    """Start a client and type a line, unless it has reached the server before."""
    user = start_client(trial, manners)
    if await user.ready() and not user.server.is_reached():
        user.type_line(trial.line(12))
        await user.program.until(user.server.is_reached, trial.bench.patience)
    return user


async def sends_a_line(trial: Trial, manners: ClientManners) -> str | None:
    """UD-2."""
    try:
        return await lines.sends_a_line(trial, manners)
    except Failed as failure:
        if failure.mistake is None and await _only_receives(trial, manners):
            note = _("The client receives one datagram after the other, and asks for no line.")
            raise Failed(note, RECEIVES_FIRST) from None
        raise


async def _only_receives(trial: Trial, manners: ClientManners) -> bool:
    with trial.aside():
        user = start_client(trial, manners)
        is_ready = await user.ready()
    snapshot = user.program.look()
    return (
        not is_ready
        and user.server.has_greeted
        and snapshot.is_waiting
        and any(each.takes_datagrams for one in snapshot.threads for each in one.sockets)
    )


async def shows_the_reply(trial: Trial, manners: ClientManners) -> None:
    """UD-3."""
    talk = await _begin(trial, manners)
    line, text = trial.line(12), trial.text(12)
    await talk.say(line)
    try:
        await talk.expect_shown(text)
    except Failed:
        if talk.has_own_format:
            raise NotOffered(_("The client expects a format of its own.")) from None
        raise


async def shows_what_others_say(trial: Trial, manners: ClientManners) -> None:
    """UD-4."""
    talk = await _begin(trial, manners)
    await talk.exchange()
    await talk.expect_ready()
    await talk.expect_shown(trial.text(12))


async def shows_other_letters(trial: Trial, manners: ClientManners) -> None:
    """UD-5."""
    talk = await _begin(trial, manners)
    try:
        await talk.say(_OTHER_LETTERS)
    except Failed:
        if _ESCAPED in talk.user.server.listener.received():
            raise NotOffered(_("The client escapes such letters, as JSON allows.")) from None
        raise
    await talk.expect_shown(_OTHER_LETTERS.swapcase().encode())


async def survives_bytes_that_are_no_text(trial: Trial, manners: ClientManners) -> None:
    """UD-6."""
    talk = await _begin(trial, manners)
    await talk.exchange()
    await talk.expect_ready()
    await talk.say(trial.line(12))
    trial.step(_('the server sends "{text}"', text=escape_bytes(_NO_TEXT)))
    talk.user.server.say(_NO_TEXT)
    try:
        await talk.expect_ready()
        await talk.exchange()
    except Failed as failure:
        if failure.mistake is mistakes.DECODED_PORTIONS:
            failure.mistake = None  # a datagram is no portion: these bytes are no text at all
        raise


async def _begin(trial: Trial, manners: ClientManners) -> _Talk:
    user = start_client(trial, manners)
    await user.expect_ready()
    return _Talk(trial, user)


class _Talk:
    """A user's conversation; the server's words have the form of those of the client."""

    def __init__(self, trial: Trial, user: User) -> None:
        self.user = user
        self._trial = trial
        self._line = self._datagram = b""

    @property
    def has_own_format(self) -> bool:
        """Whether the client's datagrams are more than a name and a line."""
        return bool(_FORMAT.search(self._datagram.replace(self._line, b"")))

    @property
    def _waits_at_another_socket(self) -> bool:
        snapshot = self.user.program.look()
        waits = {each.port for one in snapshot.threads for each in one.sockets}
        left = {each.port for each in snapshot.sockets if each.unread}
        return snapshot.is_stuck and bool(waits) and not waits & left

    async def expect_ready(self) -> None:
        """Bring the client to the point at which it takes another line.

        Raises:
            Failed: If it does not get there.
            NotOffered: If it ends in order.
        """
        program = self.user.program
        # A client may wait a second for more; what the server said now would keep it waiting.
        await program.until(lambda: program.look().wants_terminal, _PAUSE_SECONDS)
        if not await self.user.ready():
            if program.status == 0:
                raise NotOffered(_("The client sends one line and ends."))
            await self.user.expect_ready()

    async def say(self, line: str) -> None:
        """Type a line, and see that it reaches the server.

        Raises:
            Failed: If it does not.
        """
        self._line = line.encode()
        listener = self.user.server.listener
        assert isinstance(listener, DatagramListener)
        before = len(listener.datagrams)
        self.user.type_line(line)
        try:
            await self.user.expect_received(self._line)
        except Failed as failure:
            datagrams = listener.datagrams[before:]
            if form := other_form(line, b"".join(datagrams)):
                raise Failed(*form) from None
            failure.difference = Difference.within(self._line, *datagrams)
            raise
        self._datagram = next(
            (each for each in reversed(listener.datagrams) if self._line in each), self._line
        )

    async def exchange(self) -> None:
        """Have a line said, and an answer shown, at the latest after another line."""
        await self.say(self._trial.line(12))
        with suppress(Weak):
            await self.expect_shown(self._trial.text(12))

    async def expect_shown(self, text: bytes) -> None:
        """Have the server say a text, and see that the client shows it.

        Raises:
            Failed: If it does not.
            Weak: If it does only after another line.
        """
        user = self.user
        said = self._datagram.replace(self._line, text)
        for form in dict.fromkeys((said, said.replace(NAME.encode(), _OTHER_NAME), text)):
            self._trial.step(_('the server sends "{text}"', text=escape_bytes(form[:60])))
            user.server.say(form)
            if await user.shows(text):
                return
        start = b"" if user.program.traceback else beginning(text, user.shown.strip().encode())
        can_type = not user.program.has_ended and user.program.look().wants_terminal
        if can_type:
            user.type_line("next")
        shown = escape_bytes(text[:60])
        self._trial.expect(_('the client shows the reply "{reply}"', reply=shown))
        if can_type and await user.shows(text):
            raise Weak(_("The client shows it only after another line is typed."))
        if not text.isascii() and repr(text[:2])[2:-1] in user.program.terminal.text:
            note = _("The client shows the bytes of the reply, not its letters.")
            raise Failed(note, mistakes.SHOWS_BYTES)
        if start:
            note = _(
                "Only the beginning of the reply is on the screen, {shown} of {count} bytes",
                shown=len(start),
                count=len(text),
            )
            raise Failed(user.story(note), SHORT_BUFFER, Difference(text, start))
        if self._waits_at_another_socket:
            note = _(
                "The reply has arrived at the socket that sent the line, and the client receives "
                "at another one."
            )
            raise Failed(note, OTHER_SOCKET)
        note = user.story(_("The client did not show what the server said"))
        difference = shown_instead(text, user.shown.strip().encode())
        raise Failed(note, user.cause(), difference)
