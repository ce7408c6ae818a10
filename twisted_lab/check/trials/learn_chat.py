"""Learning how a chat server wants to be talked to, before it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from socket import SocketKind

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.compared_words import compared_words
from twisted_lab.check.conversation.echoes import carries
from twisted_lab.check.conversation.framings import CRLF_LINES, LINES, RAW, Framing
from twisted_lab.check.conversation.openings import NAME, USUAL, openings
from twisted_lab.check.outcomes import NotChecked, NotOffered, Outcome
from twisted_lab.check.trials.chat import open_chat, own_name
from twisted_lab.check.trials.chat_manners import KINDS, ChatManners
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.learn_server import learn_start
from twisted_lab.check.trials.source import source_of
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

_ROUNDS = 2  # the first text may be a name to the server, which it tells the others
_ENOUGH_ECHOES = 2  # a server that returns what two different clients say is no chat


async def learn_chat(bench: Bench) -> ChatManners:
    """Return the manners of a chat server; its port is 0 if it does not listen."""
    if bench.address is None:
        return await _learn_talk(bench, await learn_start(bench, ChatManners()))
    learned = ChatManners()
    for kind in reversed(KINDS):  # a connection by TCP is refused at once
        learned = ChatManners(port=bench.address[1], kinds=(kind,), kind=kind)
        learned = await _learn_talk(bench, learned)
        if learned.is_chat:
            break
    return learned


async def _learn_talk(bench: Bench, manners: ChatManners) -> ChatManners:
    """Try one way of talking after the other, each with a fresh server."""
    best, echoes = manners, 0
    for framing, opening in _ways(bench) if manners.port else ():
        if best.kind is SocketKind.SOCK_DGRAM and framing is not RAW:
            continue
        trial = Trial(bench, "talk")
        talk = _Talk(trial, replace(best, framing=framing, opening=opening))
        try:
            await talk.learn()
        except (NotChecked, NotOffered):
            break  # it takes too long, or serves one client at a time
        except Outcome:
            continue
        finally:
            trial.close()
        best = replace(best, kind=talk.manners.kind)
        if talk.manners.passes_on and not best.passes_on:
            best = talk.manners
        if talk.feeds_itself:
            break
        echoes += talk.is_echo
        if talk.manners.is_chat or echoes >= _ENOUGH_ECHOES:
            return talk.manners
    return best


def _ways(bench: Bench) -> Iterator[tuple[Framing, str]]:
    yield from product((RAW, LINES, CRLF_LINES), USUAL)
    if bench.address is None:  # each takes long if the server is not seen
        yield from product((RAW,), openings(compared_words(source_of(bench)))[len(USUAL) :])


class _Talk:
    """A conversation of two clients.

    Attributes:
        manners: The manners, with what the clients received of each other.
        is_echo: Whether the server returned texts to those who said them, and to nobody else.
        feeds_itself: Whether it is busy with its own datagrams, and passes no texts on.
    """

    def __init__(self, trial: Trial, manners: ChatManners) -> None:
        self.manners = manners
        self.is_echo = False
        self.feeds_itself = False
        self._trial = trial

    async def learn(self) -> None:
        """Have two clients join and talk."""
        chat = await open_chat(self._trial, self.manners)
        kind = chat.server.kind
        first, second = await chat.join(1), await chat.join(2)
        if chat.feeds_itself:
            self._trial.bench.warm(0.0)  # what is lost in its queue does not come later
        can_look = chat.server.program.look().can_look
        if kind is SocketKind.SOCK_STREAM and can_look and not second.is_accepted:
            raise NotOffered(_("The server accepts one client at a time."))
        forth = back = 0
        for _round in range(_ROUNDS):
            forth += await self._reaches(first, second)
            back += await self._reaches(second, first)
            if not (forth or back):
                break
        self.is_echo &= not (forth or back)
        self.feeds_itself = chat.feeds_itself and not (forth or back)
        is_chat = forth == back == _ROUNDS
        self.manners = replace(
            self.manners,
            kind=kind,
            is_chat=is_chat,
            passes_on=_ROUNDS in (forth, back),
            behaviour=_described(kind, self.manners) if is_chat else (),
        )

    async def _reaches(self, speaker: Client, listener: Client) -> bool:
        text = self._trial.text(12)
        began = self._trial.activity.clock.seconds()
        speaker.say(text)
        reached = await listener.hears(text)
        if reached:
            self._trial.bench.warm(self._trial.activity.clock.seconds() - began)
        self.is_echo = carries(speaker.heard, text)
        return reached


def _described(kind: SocketKind, manners: ChatManners) -> tuple[str, ...]:
    is_udp = kind is SocketKind.SOCK_DGRAM
    lines = [_("Clients reach it by UDP.") if is_udp else _("Clients reach it by TCP.")]
    if manners.framing is not RAW:
        lines.append(_("It expects {framing}.", framing=manners.framing.name))
    if manners.opening:
        opening = manners.opening.replace(NAME, own_name(1))
        lines.append(_('A client that joins says "{opening}".', opening=opening))
    return tuple(lines)
