"""Learning how a server wants to be started and talked to, before it is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.causes import is_own_error
from twisted_lab.check.conversation.compared_words import compared_words
from twisted_lab.check.conversation.echoes import manner
from twisted_lab.check.conversation.framings import (
    LINES,
    LONGEST_HEADER,
    RAW,
    Framing,
    common_headers,
    framing_of,
    headers,
    told_framing,
)
from twisted_lab.check.conversation.login import asks_for_login, reply_to
from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered, Outcome
from twisted_lab.check.prompts.answers import SERVER_STYLES
from twisted_lab.check.subjects.server import Server, StartedServer, Watched
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.server_manners import NEW_SOURCE, Manners
from twisted_lab.check.trials.source import source_of
from twisted_lab.check.trials.start_server import connect_client, reach_server, start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _, ngettext

MOST_MESSAGES = 8  # a login needs fewer
_PROBE_BYTES = 12
_CYRILLIC = "привет".encode()
_KNOWN_SOURCE = "127.0.0.1"
_NO_LENGTH = re.compile(r"invalid literal for int\(\)|^struct\.error")

AnyManners = TypeVar("AnyManners", bound=Manners)


async def learn_server(bench: Bench) -> Manners:
    """Return the manners of a server; its port is 0 if it does not listen, whatever it is told."""
    manners = await learn_start(bench, Manners())
    for source in (manners.source, _KNOWN_SOURCE) if manners.port else ():
        talk = _Talk(bench, replace(manners, source=source))
        learned = await talk.learn()
        if learned.is_echo or learned.framing is not RAW:
            return await _with_case(bench, learned) if learned.is_upper else learned
        if not manners.crash:
            manners = replace(manners, crash=talk.crash, crash_framing=talk.crash_framing)
    return manners


async def _with_case(bench: Bench, manners: Manners) -> Manners:
    """Return the manners of a server with whether it changes the case of English letters alone."""
    trial = Trial(bench, "case")
    try:
        client = await connect_client(trial, await reach_server(trial, manners), manners)
        text = trial.text(_PROBE_BYTES) + _CYRILLIC
        client.say(text)
        came = await client.hears_back(text)
    except Outcome:
        return manners
    finally:
        trial.close()
    if not came or text.upper() not in client.heard:
        return manners
    line = _("Only English letters become upper case: bytes.upper() leaves all others as they are.")
    return replace(manners, behaviour=(*manners.behaviour, line))


async def learn_start(bench: Bench, manners: AnyManners) -> AnyManners:
    """Return manners with how a server wants its questions answered, and its port.

    Args:
        bench: What all trials share.
        manners: What is known before; they come back as they are if the server never listens.
    """
    if bench.address:
        return replace(manners, port=bench.address[1])
    words = compared_words(source_of(bench))  # a console may take no others
    for styled in (
        *(replace(manners, style=style) for style in SERVER_STYLES),
        *(replace(manners, word=word) for word in words),
    ):
        trial = Trial(bench, "start")
        try:
            server = await start_server(trial, styled)
        except Outcome:
            if not trial.asked:
                break  # it asked nothing: no other answer will help
            continue
        finally:
            trial.close()
        questions = tuple(server.operator.questions)
        return replace(styled, questions=questions, port=server.port)
    return manners


class _Talk:
    """Conversations with a server, each with a fresh one, until a text comes back."""

    def __init__(self, bench: Bench, manners: Manners) -> None:
        self.crash = ""  # see `Manners`
        self.crash_framing = RAW
        self._bench = bench
        self._manners = manners
        self._sizes: list[int] = []  # of the header that the server may want, in bytes
        self._told: Framing | None = None  # by its greeting
        self._answered: set[Framing] = set()
        self._shows = False  # whether it has printed a text, which it has read without a header
        self._framed: Manners | None = (
            None  # those of a server that is no echo, and answers only so
        )
        self._lets_in: Manners | None = None  # the first in which it has answered a login

    async def learn(self) -> Manners:
        """Try one framing after the other."""
        with suppress(NotChecked):  # it takes too long
            for manners in self._variants():
                learned = await self._converse_alone(manners)
                if learned.is_echo:
                    return await self._surest(learned)
                if self._sizes == [1]:
                    self._sizes.append(1 + await self._asked_after(b"0"))
            if self._may_want_a_header() and (found := await self._find_header()):
                learned = await self._converse_alone(found)
                if learned.is_echo:
                    return await self._surest(learned)
        return self._framed or self._lets_in or self._manners

    async def _surest(self, learned: Manners) -> Manners:
        """Return the manners of an echo in the framing of its answers, if it understands that, too.

        One call of recv() returns what is there, however much more it asks for: a server seems to
        understand lengths of another byte order. How much it asks for may show the right one.
        """
        if learned.reply.size != learned.framing.size or learned.reply.name == learned.framing.name:
            return learned
        found = await self._converse_alone(replace(self._manners, framing=learned.reply))
        if not found.is_echo or found.reply.name != found.framing.name:
            return learned
        asked, asked_now = [
            await self._asked_after(each.framing.header(_PROBE_BYTES)) for each in (learned, found)
        ]
        return learned if asked == _PROBE_BYTES != asked_now else found

    def _variants(self) -> Iterator[Manners]:
        yield replace(self._manners, framing=RAW)
        if self._told:
            yield replace(self._manners, framing=self._told)
        for size in self._sizes:
            for framing in headers(size):
                yield replace(self._manners, framing=framing)
        if not self._answered:
            yield replace(self._manners, framing=LINES)
            yield replace(self._manners, needs_end=True)

    def _may_want_a_header(self) -> bool:
        is_told = any(0 < size <= LONGEST_HEADER for size in self._sizes)
        is_first = self._manners.source == NEW_SOURCE
        return is_first and not (self._answered or self._shows or is_told)

    async def _find_header(self) -> Manners | None:
        """Return manners with a common header that the server seems to want.

        One server hears them all while it accepts clients: a start takes longer than they do.
        """
        trial, server = Trial(self._bench, "talk"), None
        try:
            framings = [*common_headers()]
            for framing in framings:
                manners = replace(self._manners, framing=framing)
                with suppress(Failed, NotOffered):  # the server has ended, or does not accept
                    if server is None or not server.program.look().accepts:
                        trial.close()
                        trial = Trial(self._bench, "talk")
                        server = await reach_server(trial, manners)
                    client = await connect_client(trial, server, manners)
                    learned = await self._converse(trial, server, client, manners)
                    if self._framed and self._framed.reply.size not in (0, framing.size):
                        # It took a part of the header for a shorter one, and the answer shows it.
                        if self._framed.reply not in framings:
                            framings.insert(framings.index(framing) + 1, self._framed.reply)
                        self._framed = None
                    elif learned.is_echo or self._framed:
                        return manners
                    client.peer.close()
                    await client.settle()
        finally:
            trial.close()
        return None

    async def _converse_alone(self, manners: Manners) -> Manners:
        """Converse with a fresh server."""
        trial = Trial(self._bench, "talk")
        try:
            server = await reach_server(trial, manners)
            client = await connect_client(trial, server, manners)
            learned = await self._converse(trial, server, client, manners)
            self._note_crash(server.program, manners.framing)
            return learned
        except (Failed, NotOffered):
            return self._manners
        finally:
            trial.close()

    def _note_crash(self, program: Watched, framing: Framing) -> None:
        error = program.traceback
        if not (program.has_ended or is_own_error(error)) or _NO_LENGTH.search(error):
            return
        # The same exception after a header shows more.
        if not self.crash or (self.crash == error and not self.crash_framing.size):
            self.crash, self.crash_framing = error, framing

    async def _converse(
        self, trial: Trial, server: Server, client: Client, manners: Manners
    ) -> Manners:
        await client.settle()
        if not self._sizes:
            self._sizes.append(_asked(server))
            self._told = told_framing(client.heard)
        greets = bool(client.heard)
        learned = manners
        is_silent = was_bare = False
        began = trial.activity.clock.seconds()
        for login in range(MOST_MESSAGES):
            if not learned.is_echo and asks_for_login(client.heard):
                client.say(reply_to(client.heard, "anna1", login))
                await client.settle()
                if client.heard and manners.framing in (RAW, LINES):
                    self._lets_in = self._lets_in or manners
            else:
                text = trial.text(_PROBE_BYTES)
                client.say(text)
                if manners.needs_end and not await client.settle() and not client.heard:
                    break  # it spins since FIN came
                came_back = await client.hears_back(text)
                if client.heard:
                    if not manners.needs_end:  # FIN inside a message may be answered, too
                        self._answered.add(manners.framing)
                    self._bench.warm(trial.activity.clock.seconds() - began)
                    manners = self._read_header(client.heard, manners)
                elif isinstance(server, StartedServer):
                    self._shows |= text.decode() in server.program.terminal.text
                is_exact = client.heard == text
                if not learned.is_echo:
                    # With words around it, a first answer may be a greeting by name.
                    was_bare = client.heard.strip().lower() in (text, repr(text).encode())
                if came_back and (not learned.is_echo or (is_exact and not learned.is_exact)):
                    before = learned
                    learned = replace(
                        manners,
                        greets=greets,
                        login=login,
                        ends_each=client.peer.has_ended and not manners.needs_end,
                        is_exact=is_exact,
                        is_echo=True,
                        is_upper=text not in client.heard and text.upper() in client.heard,
                        behaviour=_described(manners, greets, login, client.heard, text),
                    )
                    if before.is_echo:
                        return learned  # the first answer was a greeting by name
                elif learned.is_echo:
                    return learned if came_back or was_bare else manners
                elif not client.heard:
                    if is_silent:
                        break
                    is_silent = True
            if client.peer.has_ended:
                break
        return learned

    def _read_header(self, heard: bytes, manners: Manners) -> Manners:
        """Return the manners with the framing of the first answer to a message with a header."""
        if manners.framing is LINES:
            self._framed = self._framed or manners
        if not manners.framing.size or manners.reply is not RAW:
            return manners
        read = replace(manners, reply=framing_of(heard, manners.framing.size))
        if read.reply is not RAW and RAW not in self._answered:
            self._framed = self._framed or read
        return read

    async def _asked_after(self, start: bytes) -> int:
        """Return how many bytes the server asks for once it has read the start of a message.

        Args:
            start: A part of a header, or a whole one.
        """
        trial = Trial(self._bench, "talk")
        try:
            server = await reach_server(trial, self._manners)
            client = await connect_client(trial, server, self._manners)
            await client.settle()
            client.send(start)
            await client.settle()
            return _asked(server)
        except Outcome:
            return 0
        finally:
            trial.close()


def _asked(server: Server) -> int:
    """Return how many bytes the server asks for; 0 if it does not tell."""
    threads = server.program.look().threads
    sizes = [each.state.size for each in threads if each.sockets and each.state.size]
    return min(sizes, default=0)


def _described(
    manners: Manners, greets: bool, login: int, heard: bytes, text: bytes
) -> tuple[str, ...]:
    messages, rest = manners.reply.decode(heard)
    shown = heard if rest else b"".join(messages)
    lines = [_("It returns a text {manner}.", manner=manner(shown, text))]
    if greets:
        lines.append(_("It speaks first."))
    if login:
        lines.append(
            ngettext(
                "It wants {n} message before it returns texts.",
                "It wants {n} messages before it returns texts.",
                login,
            )
        )
    if manners.framing is not RAW:
        lines.append(_("It expects {framing}.", framing=manners.framing.name))
    if manners.framing.size and manners.reply is RAW:
        lines.append(_("It answers without a header."))
    elif manners.reply is not RAW:
        lines.append(_("It answers with {framing}.", framing=manners.reply.name))
    if manners.needs_end:
        lines.append(_("It answers once the client has ended its direction (FIN)."))
    return tuple(lines)
