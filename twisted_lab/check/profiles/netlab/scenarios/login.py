"""How scenarios with netlab-auth open accounts, and log in."""

from __future__ import annotations

import re

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.talk.lab import Lab
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.wire import TEXT, Framing
from twisted_lab.text.language import _

ASK_NAME, ASK_PASSWORD, REPEAT = "Name or token?", "Password?", "Repeat the password:"
CHOOSE, WRONG = "New name. Choose a password:", "Wrong name, password or token."
PASSWORD = "correct horse, пароль"  # noqa: S105 (ours)
HASH_SECONDS = 5.0  # for a hash of a password, on a busy machine
_TOKEN = re.compile(r"Token: (nlt_\S+)  valid until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def new_name(lab: Lab) -> str:
    """Return a name that no account has."""
    return "anna" + lab.trial.text(8).decode()


async def register(peer: Party, name: str, password: str = PASSWORD) -> str:
    """Open an account, and return the token."""
    await peer.expect(ASK_NAME)
    peer.say(name)
    await peer.expect(CHOOSE)
    peer.say(password)
    await peer.expect(REPEAT)
    peer.say(password)
    return await _expect_welcome(peer, name)


async def log_in(peer: Party, typed: str, password: str = PASSWORD, name: str = "") -> str:
    """Log in, and return the token.

    Args:
        peer: The peer.
        typed: The name that it sends.
        password: The password.
        name: The name of the account, if it is another one.
    """
    await peer.expect(ASK_NAME)
    peer.say(typed)
    await peer.expect(ASK_PASSWORD)
    peer.say(password)
    return await _expect_welcome(peer, name or typed)


async def _expect_welcome(peer: Party, name: str) -> str:
    await peer.expect(f"Hello, {name}", within=HASH_SECONDS)
    line = await peer.hear()
    if not (match := _TOKEN.fullmatch(line)):
        raise Failed(_("The line has no token: {line}", line=line))
    return match[1]


async def resume(peer: Party, token: str, name: str) -> None:
    """Log in by a token."""
    await peer.expect(ASK_NAME)
    peer.say(token)
    await peer.expect(f"Welcome back, {name}")


async def refuse(peer: Party, name: str, password: str) -> None:
    """See that a password is refused."""
    await peer.expect(ASK_NAME)
    peer.say(name)
    await peer.expect(ASK_PASSWORD)
    peer.say(password)
    await peer.expect(WRONG, within=HASH_SECONDS)


async def expect_wrong_token(peer: Party, token: str) -> None:
    """See that a token is refused."""
    await peer.expect(ASK_NAME)
    peer.say(token)
    await peer.expect(WRONG)


async def meet(lab: Lab, framing: Framing = TEXT) -> Party:
    """Connect a peer to a server that may have served others."""
    return await lab.connect("auth", framing=framing)


async def new_member(lab: Lab) -> tuple[Party, str, str]:
    """Return a peer with a new account, its name and its token."""
    peer, name = await meet(lab), new_name(lab)
    return peer, name, await register(peer, name)
