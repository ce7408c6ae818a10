"""Length headers: messages of all sizes, in pieces and together."""

from __future__ import annotations

from dataclasses import replace

from twisted_lab.check.conversation.causes import is_own_error
from twisted_lab.check.conversation.echoes import came_back
from twisted_lab.check.outcomes import Failed, NotOffered, Outcome, Weak, unless_crashed
from twisted_lab.check.requirements import message_mistakes, mistakes
from twisted_lab.check.scenarios.length_header.talk import Talk, one_client
from twisted_lab.check.trials.client import APART_SECONDS
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.language import _

_PIECES = 8  # of one byte; what follows comes at once
_MANY = 5  # messages
_TWO_BYTES = 300  # a length that needs both
_NON_ASCII = "Привет, мир: ".encode()


async def goes_both_ways(trial: Trial, manners: Manners) -> None:
    """LN-2."""
    if not manners.framing.size:
        if is_own_error(manners.crash):
            await _expect_no_error(trial, manners)
        unless_crashed(manners.crash)
        raise NotOffered(_("The server expects no header of a fixed length."))
    talk = await one_client(trial, manners)
    text = trial.text(12)
    if manners.reply.size:
        await talk.exchange(text)
        return
    talk.client.say(text)
    await talk.client.settle()
    trial.step(_("{client} receives an answer with a header", client=talk.client.name))
    expected = manners.framing.encode(talk.client.heard)
    raise Failed(
        _("The server reads a header, and its answer has none."),
        message_mistakes.NO_HEADER_BACK,
        Difference(expected, talk.client.heard),
    )


async def _expect_no_error(trial: Trial, manners: Manners) -> None:
    """Repeat the conversation in which the server raised an exception of its own."""
    talk = await one_client(trial, replace(manners, framing=manners.crash_framing))
    program, text = talk.server.program, trial.text(12)
    await talk.client.settle()
    if program.traceback != manners.crash:  # it may end as soon as a client has come
        await talk.client.talk(text)
    if program.traceback != manners.crash:
        return  # it names a part of the message
    note = talk.client.story(text)
    if not program.has_ended:
        note = _('The server\'s terminal shows an exception: "{error}"', error=manners.crash)
    raise Failed(note, talk.cause() or mistakes.OWN_ERROR)


async def takes_several(trial: Trial, manners: Manners) -> None:
    """LN-3."""
    if manners.ends_each:
        raise NotOffered(_("The server serves one message for each connection."))
    talk = await one_client(trial, manners)
    for number in range(_MANY):
        await talk.exchange(trial.text(10 + number))


async def takes_a_header_in_pieces(trial: Trial, manners: Manners) -> None:
    """LN-4."""
    talk = await one_client(trial, manners)
    # A length below 256 is the last byte of the header: one recv() of a byte would do.
    text = trial.text(int(min(_TWO_BYTES, manners.framing.longest)))
    wire = manners.framing.encode(text)
    trial.step(_("client 1 sends the header byte by byte, and then the text"))
    await _send_bytes(trial, talk, wire[: min(manners.framing.size, _PIECES)])
    talk.client.send(wire[min(manners.framing.size, _PIECES) :])
    try:
        await talk.expect(text)
    except Failed as failure:
        taken = wire[: manners.framing.size + 1].decode(errors="replace")
        if manners.framing.is_text and taken in talk.server.program.traceback:
            failure.mistake = message_mistakes.ASKS_FOR_ALL_AGAIN
        raise


async def takes_a_text_in_pieces(trial: Trial, manners: Manners) -> None:
    """LN-5."""
    talk = await one_client(trial, manners)
    text = trial.text(12)
    trial.step(_("client 1 sends the header, and then the text byte by byte"))
    talk.client.send(manners.framing.header(len(text)))
    await trial.activity.pause(APART_SECONDS)
    await _send_bytes(trial, talk, text[:_PIECES])
    talk.client.send(text[_PIECES:])
    await talk.expect(text)


async def _send_bytes(trial: Trial, talk: Talk, data: bytes) -> None:
    for byte in data:
        talk.client.send(bytes([byte]))
        await trial.activity.pause(APART_SECONDS / 2)


async def takes_several_at_once(trial: Trial, manners: Manners) -> None:
    """LN-6."""
    talk = await one_client(trial, manners)
    texts = [trial.text(size) for size in (5, 12, 3)]
    trial.step(_("client 1 sends three messages in one segment"))
    talk.client.send(b"".join(map(manners.framing.encode, texts)))
    await talk.expect(*texts)
    await talk.exchange(trial.text(12))


async def takes_5000_bytes(trial: Trial, manners: Manners) -> None:
    """LN-7."""
    talk = await one_client(trial, manners)
    await talk.exchange(trial.text(5000))


async def takes_64_kib(trial: Trial, manners: Manners) -> None:
    """LN-8."""
    talk = await one_client(trial, manners)
    try:
        await talk.exchange(trial.text(65_536))
    except Failed as failure:
        client = talk.client
        if client.heard or not client.peer.has_ended or talk.server.program.has_ended:
            raise
        await talk.expect_next()
        raise Weak(_("The server refuses it. {note}", note=failure.note)) from None


async def takes_non_ascii(trial: Trial, manners: Manners) -> None:
    """LN-9."""
    text = _NON_ASCII + trial.text(8)
    talk = await one_client(trial, manners)
    try:
        await talk.exchange(text)
        await talk.exchange(trial.text(12))
    except Failed as failure:
        with trial.aside():  # the failure stays the last step
            counts_characters = await _counts_characters(trial, manners, text)
        if counts_characters:
            note = _("The header counts characters, both ways: it does not tell how many bytes.")
            raise Weak(note, message_mistakes.COUNTS_CHARACTERS) from None
        raise failure


async def _counts_characters(trial: Trial, manners: Manners, text: bytes) -> bool:
    """Return whether a server reads as many characters as the header says, and answers so."""
    talk = await one_client(trial, manners)
    trial.step(_("client 1 sends it again, and counts characters in the header"))
    talk.client.send(manners.framing.header(len(text.decode())) + text)
    await talk.client.settle()
    heard = talk.client.heard
    return came_back(heard, text) and manners.reply.counted_characters(heard) > 0


async def takes_an_empty_one(trial: Trial, manners: Manners) -> None:
    """LN-11."""
    talk = await one_client(trial, manners)
    talk.client.say(b"")
    await talk.client.settle()
    if not talk.client.peer.has_ended:
        await talk.exchange(trial.text(12))
        return
    trial.step(_("the server closes the connection; client 2 comes"))
    try:
        await talk.expect_next()
    except Outcome:
        raise Failed(_("An empty message ended the server."), talk.cause()) from None
    raise Weak(_("An empty message ends the connection, as if the client had left."))
