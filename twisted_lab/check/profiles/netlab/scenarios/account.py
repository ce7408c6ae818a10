"""Commands and sessions of an account of netlab-auth."""

from __future__ import annotations

import re

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.scenarios.login import (
    ASK_PASSWORD,
    HASH_SECONDS,
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
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.wire import TEXT
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.text.language import _

_STOP_SECONDS = 5.0


async def logs_out(lab: Lab) -> None:
    """NA-6."""
    peer, name, token = await new_member(lab)
    peer.say("logout")
    await peer.expect(f"Goodbye, {name}")
    await peer.expect_end()
    await expect_wrong_token(await meet(lab), token)


async def keeps_tokens(lab: Lab) -> None:
    """NA-7."""
    peer, name, token = await new_member(lab)
    peer.say("exit")
    await peer.expect_end()
    await resume(await meet(lab), token, name)


async def _sessions(peer: Party, count: int) -> dict[str, bool]:
    """Return the ids of all sessions, and whether each is the current one."""
    peer.say("sessions")
    lines = [await peer.hear() for _number in range(count)]
    for line in lines:
        if not re.fullmatch(r"\S+ since \S+Z used \S+Z from \S+( \(this one\))?", line):
            raise Failed(_("The line describes no session: {line}", line=line))
    return {line.split()[0]: line.endswith(" (this one)") for line in lines}


async def revokes(lab: Lab) -> None:
    """NA-8."""
    first, name, token = await new_member(lab)
    second = await meet(lab)
    await log_in(second, name)
    sessions = await _sessions(second, 2)
    old = next(each for each, is_own in sessions.items() if not is_own)
    second.say(f"revoke {old}")
    await second.expect("Revoked.")
    first.say("whoami")
    await first.expect("error: your session has ended; log in again")
    await expect_wrong_token(await meet(lab), token)


async def lists_sessions(lab: Lab) -> None:
    """NA-9."""
    first, name, _token = await new_member(lab)
    second = await meet(lab)
    await log_in(second, name)
    for peer, own in ((first, [True, False]), (second, [False, True])):
        if [*(await _sessions(peer, 2)).values()] != own:
            raise Failed(_("The current session is not marked, or the oldest is not the first."))


async def changes_passwords(lab: Lab) -> None:
    """NA-10."""
    first, name, token = await new_member(lab)
    second = await meet(lab)
    await log_in(second, name)
    second.say("passwd")
    await second.expect(ASK_PASSWORD)
    second.say(PASSWORD)
    await second.expect("New password:", within=HASH_SECONDS)
    second.say(PASSWORD[::-1])
    await second.expect(REPEAT)
    second.say(PASSWORD[::-1])
    await second.hear(within=HASH_SECONDS)
    second.say("whoami")
    await second.expect(name)
    first.say("whoami")
    await first.expect_start("error: your session has ended")
    await expect_wrong_token(await meet(lab), token)
    await refuse(await meet(lab), name, PASSWORD)
    await log_in(await meet(lab), name, PASSWORD[::-1])


async def helps(lab: Lab) -> None:
    """NA-11."""
    peer, _name, _token = await new_member(lab)
    peer.say("help")
    for command in ("whoami", "sessions", "revoke", "passwd", "logout", "exit", "help"):
        await peer.expect_start(command)


async def keeps_secrets(lab: Lab) -> None:
    """NA-19."""
    server = await lab.fresh_server("auth", "--log-level", "debug", framing=TEXT)
    name = new_name(lab)
    token = await register(await lab.join(server, TEXT), name)
    await refuse(await lab.join(server, TEXT), name, "a wrong password")
    await server.program.stop(_STOP_SECONDS)
    _expect_absent(server, (PASSWORD, "a wrong password", token))


def _expect_absent(server: StartedServer, secrets: tuple[str, ...]) -> None:
    files = b"\n".join(server.sandbox.files().values())
    for secret in secrets:
        if secret in server.program.terminal.text:
            raise Failed(_("A secret is in the log."))
        if secret.encode() in files:
            raise Failed(_("A secret is in a file, as it was typed."))


SCENARIOS = {
    "NA-6": logs_out,
    "NA-7": keeps_tokens,
    "NA-8": revokes,
    "NA-9": lists_sessions,
    "NA-10": changes_passwords,
    "NA-11": helps,
    "NA-19": keeps_secrets,
}
