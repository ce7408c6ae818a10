"""Operations on accounts and their sessions; each runs in one transaction."""

from __future__ import annotations

from twisted_lab.accounts.queries import Account, Queries
from twisted_lab.accounts.sessions import (
    REMEMBERED,
    Lifetimes,
    Session,
    token_digest,
)
from twisted_lab.text.language import N_
from twisted_lab.text.token_form import TOKEN_PREFIX
from twisted_lab.text.user_names import BadName, clean_name, known_name, name_key, skeletons


def account_name(text: str) -> str:
    """Return `text` as the name of an account, without surrounding whitespace.

    The account may exist or not. For a new account, call `check_new_name` as well.

    Raises:
        BadName: `text` cannot be the name of an account.
    """
    name = known_name(text)
    if name.startswith(TOKEN_PREFIX):
        raise BadName(N_("a name does not begin with {prefix}, as tokens do", prefix=TOKEN_PREFIX))
    return name


async def check_new_name(queries: Queries, name: str) -> None:
    """Check that an account can be opened under a name returned by `account_name`.

    Raises:
        BadName: The rules for new names forbid it, or it looks like the name of another account.
    """
    clean_name(name)
    if await queries.account_like(*skeletons(name)) is not None:
        raise BadName(N_("that name looks like one that is taken; choose another"))


async def register(queries: Queries, name: str, hashed: str, now: float) -> bool:
    """Open an account; return False if there is one whose name is the same or looks the same."""
    key, looks = name_key(name), skeletons(name)
    if await queries.account_like(*looks) is not None:
        return False
    if await queries.add_account(key, name, hashed, now) is None:
        return False
    for skeleton in set(looks):
        await queries.add_skeleton(skeleton, key)
    return True


async def change_password(queries: Queries, key: str, hashed: str, kept: str = "") -> None:
    """Set the password, and end all sessions except the one with the digest `kept`."""
    await queries.set_password(key, hashed)
    await queries.end_other_sessions(key, kept)


async def open_session(
    queries: Queries,
    key: str,
    token: str,
    origin: str,
    now: float,
    lifetimes: Lifetimes,
    hashed: str | None = None,
) -> bool:
    """Begin a session of an account with a new token; end its oldest ones if there are too many.

    It also deletes sessions that ended more than REMEMBERED seconds ago.

    Args:
        queries: The database.
        key: The account's key.
        token: The new token.
        origin: The client's address.
        now: The time, in seconds of Unix time.
        lifetimes: The limits of sessions.
        hashed: The hash that the client's password matched; None after a login without one.

    Returns:
        False if the password was changed since it was checked, or the account was closed.
    """
    account = await queries.account(key)
    if account is None or hashed not in (None, account.password):
        return False
    await queries.forget_old_sessions(now - REMEMBERED)
    most = lifetimes.most
    reason = f"newer ones were opened, and an account has at most {most}"
    await queries.end_oldest_sessions(key, now, reason, most - 1)
    await queries.forget_ended_sessions(key, now, most)
    await queries.add_session(token_digest(token), key, origin, now, lifetimes.end(now, now))
    return True


async def resume_session(
    queries: Queries, token: str, now: float, lifetimes: Lifetimes
) -> Account | None:
    """Restart the idle timeout of a session, and return its account; None if it has ended."""
    session = await queries.session(token_digest(token))
    if session is None or now >= session.ends or session.reason:
        return None
    end = lifetimes.end(session.since, now)
    # A write for each command would be wasteful: 1 minute in 30 is precise enough.
    if abs(end - session.ends) >= lifetimes.idle / 30:
        await queries.use_session(session.digest, now, end)
    return await queries.account(session.account)


async def find_session(queries: Queries, token: str) -> Session | None:
    """Return the session of `token`, even if it ended recently; None if there is none."""
    return await queries.session(token_digest(token))


async def revoke(queries: Queries, key: str, session_id: str, now: float) -> bool:
    """End the account's session with that id; return False if there is none."""
    found = [session async for session in queries.sessions_of(key, now)]
    ended = [session for session in found if session.id == session_id]
    for session in ended:
        await queries.end_session(session.digest)
    return bool(ended)
