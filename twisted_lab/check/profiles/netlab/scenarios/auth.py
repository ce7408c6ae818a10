"""Logging in to netlab-auth."""

from __future__ import annotations

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.login import (
    ASK_NAME,
    CHOOSE,
    PASSWORD,
    REPEAT,
    expect_wrong_token,
    log_in,
    meet,
    new_member,
    new_name,
    refuse,
    register,
    resume,
)
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.check.profiles.netlab.talk.wire import FRAMINGS, TEXT, Framing
from twisted_lab.text.language import _

_DELAY_SECONDS = 1.0  # after the first failure
_STOP_SECONDS = 5.0


async def _registers(lab: Lab, framing: Framing) -> None:
    peer, name = await meet(lab, framing), new_name(lab)
    await register(peer, name)
    peer.say("whoami")
    await peer.expect(name)
    peer.say("exit")
    await peer.expect_end()


async def registers(lab: Lab) -> None:
    """NA-1."""
    await _registers(lab, TEXT)


async def registers_in_every_framing(lab: Lab) -> None:
    """NA-2."""
    for framing in FRAMINGS[1:]:
        await _registers(lab, framing)


async def keeps_accounts(lab: Lab) -> None:
    """NA-3."""
    server = await lab.fresh_server("auth", framing=TEXT)
    name = new_name(lab)
    token = await register(await lab.join(server, TEXT), name)
    await log_in(await lab.join(server, TEXT), name)
    lab.trial.step(_("Ctrl-C is pressed"))
    await server.program.stop(_STOP_SECONDS)
    again = await lab.fresh_server("auth", framing=TEXT, sandbox=server.sandbox)
    await log_in(await lab.join(again, TEXT), name)
    await resume(await lab.join(again, TEXT), token, name)


async def refuses_alike(lab: Lab) -> None:
    """NA-4."""
    member, name, token = await new_member(lab)
    await refuse(await meet(lab), name, PASSWORD + "x")
    await expect_wrong_token(await meet(lab), _changed(token))
    member.say("whoami")
    await member.expect(name)


def _changed(token: str) -> str:
    middle = len(token) // 2
    return token[:middle] + ("b" if token[middle] == "a" else "a") + token[middle + 1 :]


async def resumes(lab: Lab) -> None:
    """NA-5."""
    _first, name, token = await new_member(lab)
    peer = await meet(lab)
    await resume(peer, token, name)
    peer.say("whoami")
    await peer.expect(name)


async def folds_names(lab: Lab) -> None:
    """NA-12."""
    peer, name = await meet(lab), f"ёж {new_name(lab)}"
    await register(peer, name)
    for typed in (name.upper(), name.replace("ё", "\u0435\u0308")):
        await log_in(await meet(lab), typed, name=name)


async def refuses_look_alikes(lab: Lab) -> None:
    """NA-13."""
    _first, name, _token = await new_member(lab)
    peer = await meet(lab)
    await peer.expect(ASK_NAME)
    peer.say("а" + name[1:])  # noqa: RUF001 (a Cyrillic letter)
    await peer.expect("error: that name looks like one that is taken; choose another")
    await peer.expect_end()


async def asks_again(lab: Lab) -> None:
    """NA-14."""
    peer = await meet(lab)
    await peer.expect(ASK_NAME)
    peer.say(new_name(lab))
    for repeated in ("", PASSWORD[:-1], ""):
        await peer.expect(CHOOSE)
        peer.say(PASSWORD if repeated else "seven77")
        if repeated:
            await peer.expect(REPEAT)
            peer.say(repeated)
        await peer.expect_start("error: ")
    await peer.expect_end()


async def refuses_what_is_no_name(lab: Lab) -> None:
    """NA-15."""
    peer = await meet(lab)
    await peer.expect(ASK_NAME)
    peer.say("x" * 1000)
    await peer.expect_start("error: a name has ")
    await peer.expect_end()


async def delays_guesses(lab: Lab) -> None:
    """NA-16."""
    _first, name, _token = await new_member(lab)
    peer, clock = await meet(lab), lab.trial.activity.clock
    await refuse(peer, name, "guess one")
    began = clock.seconds()
    for guess in ("guess two", "guess three"):
        await refuse(peer, name, guess)
    if (waited := clock.seconds() - began) < 2 * _DELAY_SECONDS:
        raise Failed(_("Two more guesses took {seconds:.2f} s.", seconds=waited))
    await peer.expect_end()


async def hides_unknown_names(lab: Lab) -> None:
    """NA-17."""
    peer = await lab.connect("auth", "--registration", "closed", framing=TEXT)
    await refuse(peer, new_name(lab), PASSWORD)


async def wants_tls(lab: Lab) -> None:
    """NA-18."""
    server = await lab.server("auth", framing=TEXT)
    chance = lab.trial.random
    peer = await lab.join(server, TEXT, f"10.{chance.randrange(256)}.7.{chance.randint(1, 250)}")
    await peer.expect_start("error: ")
    await peer.expect_end()


async def drops_text_after_nul(lab: Lab) -> None:
    """NA-20."""
    peer = await meet(lab)
    await peer.expect(ASK_NAME)
    peer.send(f"{new_name(lab)}\0{PASSWORD}\0".encode())
    lines = [await peer.hear()]
    while lines[-1] == CHOOSE:
        lines.append(await peer.hear())
    if not lines[-1].startswith("error: no text: NUL at byte "):
        raise Failed(_("The server answered: {line}", line=lines[-1]))
    await peer.expect_end()


SCENARIOS = {
    "NA-1": registers,
    "NA-2": registers_in_every_framing,
    "NA-3": keeps_accounts,
    "NA-4": refuses_alike,
    "NA-5": resumes,
    "NA-12": folds_names,
    "NA-13": refuses_look_alikes,
    "NA-14": asks_again,
    "NA-15": refuses_what_is_no_name,
    "NA-16": delays_guesses,
    "NA-17": hides_unknown_names,
    "NA-18": wants_tls,
    "NA-20": drops_text_after_nul,
}
