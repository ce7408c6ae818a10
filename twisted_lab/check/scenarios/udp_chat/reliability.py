"""Chat servers that send texts again until they are acknowledged."""

from __future__ import annotations

from functools import partial
from math import inf
from socket import SocketKind

from twisted_lab.check.conversation.acknowledgements import acknowledgement, forms
from twisted_lab.check.conversation.echoes import carries
from twisted_lab.check.outcomes import Failed, Info, NotChecked
from twisted_lab.check.subjects.bad_network import BadNetwork
from twisted_lab.check.subjects.datagram_peer import DatagramPeer
from twisted_lab.check.trials.chat import Chat, open_chat
from twisted_lab.check.trials.chat_manners import ChatManners
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.language import _

_AGAIN_SECONDS = 3.0  # a server that repeats a text does so within this time
_MARGIN_SECONDS = 0.3
_PAIRS = 5  # of texts, so that the acknowledgement of one can be mistaken for that of the other


async def delivers_on_a_bad_network(trial: Trial, manners: ChatManners) -> None:
    """UC-17."""
    if manners.kind is not SocketKind.SOCK_DGRAM:
        raise Info(_("The chat uses TCP, which repeats what is lost."))
    chat = await open_chat(trial, manners)
    speaker, listener = await chat.join(1), await chat.join(2)
    texts: list[bytes] = []  # other datagrams are not acknowledged: the server may answer that
    seconds = await _learn_to_acknowledge(trial, chat, speaker, listener, texts)
    peer = _peer(listener)
    network = BadNetwork(trial.bench.reactor, trial.bench.seed, peer.arrive, peer.send)
    peer.network = network
    trial.step(
        _("the network loses, repeats and reorders datagrams between the server and client 2")
    )
    for _pair in range(_PAIRS):
        pair = trial.text(12), trial.text(12)
        texts.extend(pair)
        for text in pair:
            speaker.say(text)
        await _until_silent(trial, network, seconds)
        for text in pair:
            copies = sum(carries(each, text) for each in network.said)
            # Other requirements are about texts that are never sent; a network may lose all copies.
            if copies == 1 and not carries(bytes(peer.received), text):
                raise Failed(
                    _("A datagram with this text was lost, and the server did not send it again."),
                    difference=Difference(text, b""),
                )


async def _learn_to_acknowledge(
    trial: Trial, chat: Chat, speaker: Client, listener: Client, texts: list[bytes]
) -> float:
    """Have a client acknowledge what it receives; return after how long a text is sent again."""
    peer, text = _peer(listener), trial.text(12)
    texts.append(text)
    await chat.expect_heard(speaker, listener, text=text)
    await chat.server.program.settle(trial.bench.patience)  # it may still be about to wait
    threads = chat.server.program.look().threads
    if threads and all(each.state.timeout == inf for each in threads):
        raise Info(_("The server waits for datagrams alone, and sends none again."))
    began = trial.activity.clock.seconds()
    if not await _comes_again(trial, peer, text, _AGAIN_SECONDS):
        raise Info(_("The server does not send texts again."))
    seconds = 2 * (trial.activity.clock.seconds() - began) + _MARGIN_SECONDS
    said = b"" if carries(speaker.heard, text) else speaker.heard
    for form in forms(said, listener.heard):
        peer.acknowledge = partial(_acknowledge, form, texts)
        for _text in range(2):  # the first acknowledgement may be taken for that of an older text
            text = trial.text(12)
            texts.append(text)
            speaker.say(text)
            if await listener.hears(text) and not await _comes_again(trial, peer, text, seconds):
                return seconds
    raise NotChecked(
        _("The server sends texts again, but the checker does not know how to acknowledge them.")
    )


async def _comes_again(trial: Trial, peer: DatagramPeer, text: bytes, seconds: float) -> bool:
    def copies() -> int:
        return bytes(peer.received).lower().count(text)

    return await trial.activity.until(lambda: copies() > 1, seconds)


async def _until_silent(trial: Trial, network: BadNetwork, seconds: float) -> None:
    """Wait until the server has sent nothing for a time."""
    known = 0

    def says_more() -> bool:
        return len(network.said) > known

    while await trial.activity.until(says_more, seconds):
        known = len(network.said)


def _acknowledge(form: bytes, texts: list[bytes], datagram: bytes) -> bytes:
    is_text = any(carries(datagram, text) for text in texts)
    return acknowledgement(form, datagram) if is_text else b""


def _peer(client: Client) -> DatagramPeer:
    assert isinstance(client.peer, DatagramPeer)
    return client.peer
