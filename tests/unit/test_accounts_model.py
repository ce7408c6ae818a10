"""Accounts and sessions, compared with a model in a dict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.doubles.storage import StoredCase
from twisted_lab.accounts import (
    ACCOUNT_TABLES,
    Lifetimes,
    Queries,
    Session,
    change_password,
    name_key,
    open_session,
    register,
    resume_session,
    revoke,
    token_digest,
)
from twisted_lab.accounts.sessions import REMEMBERED
from twisted_lab.storage import Database

LIFETIMES = Lifetimes(idle=10.0, whole=25.0)

names = st.sampled_from(["Anna", "ANNA", "Berta", "Straße", "STRASSE", "\uff21nna"])
hashes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
tokens = st.integers(0, 30).map("nlt_{}".format)


@dataclass(frozen=True)
class Known:
    """The model's record of a session, also of an ended one."""

    key: str
    since: float
    used: float

    def lasts(self, now: float) -> bool:
        return now - self.used < LIFETIMES.idle and now - self.since < LIFETIMES.whole


class Machine(RuleBasedStateMachine):
    def __init__(self, database: Database[Queries]) -> None:
        super().__init__()
        self.database = database
        self.now = 1000.0
        self.opened = 0
        self.accounts: dict[str, tuple[str, str]] = {}
        self.sessions: dict[str, Known] = {}

    def teardown(self) -> None:
        self.database.close()

    def live(self, key: str) -> list[str]:
        return [
            token_digest(token)
            for token, known in self.sessions.items()
            if known.key == key and known.lasts(self.now)
        ]

    def end(self, key: str, kept: str = "") -> None:
        self.sessions = {
            token: known
            for token, known in self.sessions.items()
            if known.key != key or token == kept
        }

    @rule(seconds=st.integers(0, 12) | st.integers(-3, -1))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(name=names, hashed=hashes)
    def register(self, name: str, hashed: str) -> None:
        key = name_key(name)
        done = self.database.run(lambda queries: register(queries, name, hashed, self.now))
        assert done == (key not in self.accounts)
        self.accounts.setdefault(key, (name, hashed))

    @rule(name=names, hashed=hashes, kept=tokens | st.just(""))
    def change_password(self, name: str, hashed: str, kept: str) -> None:
        key, digest = name_key(name), kept and token_digest(kept)
        self.database.run(lambda queries: change_password(queries, key, hashed, digest))
        if key in self.accounts:
            self.accounts[key] = (self.accounts[key][0], hashed)
        self.end(key, kept)

    @rule(name=names)
    def open_session(self, name: str) -> None:
        key = name_key(name)
        if key not in self.accounts:
            return
        token = f"nlt_{self.opened}"
        self.opened += 1
        self.database.run(
            lambda queries: open_session(queries, key, token, "", self.now, LIFETIMES)
        )
        # Sessions that ended long ago are deleted; a clock set back does not restore them.
        self.sessions = {
            token: known
            for token, known in self.sessions.items()
            if known.lasts(self.now - REMEMBERED)
        }
        self.sessions[token] = Known(key, self.now, self.now)

    @rule(token=tokens)
    def resume_session(self, token: str) -> None:
        account = self.database.run(
            lambda queries: resume_session(queries, token, self.now, LIFETIMES)
        )
        known = self.sessions.get(token)
        if known is None or not known.lasts(self.now):
            assert account is None
        else:
            assert account is not None
            assert account.key == known.key
            assert (account.name, account.password) == self.accounts[known.key]
            self.sessions[token] = replace(known, used=self.now)

    @rule(name=names, token=tokens)
    def revoke(self, name: str, token: str) -> None:
        key, session_id = name_key(name), token_digest(token)[:8]
        known = self.sessions.get(token)
        done = self.database.run(lambda queries: revoke(queries, key, session_id, self.now))
        assert done == (known is not None and known.key == key and known.lasts(self.now))
        if done:
            del self.sessions[token]

    @rule(token=tokens)
    def end_session(self, token: str) -> None:
        self.database.run(lambda queries: queries.end_session(token_digest(token)))
        self.sessions.pop(token, None)

    @rule(name=names)
    def forget_account(self, name: str) -> None:
        key = name_key(name)
        forgotten = self.database.run(lambda queries: queries.forget_account(key))
        assert forgotten == self.accounts.pop(key, (None, ""))[0]
        self.end(key)

    @invariant()
    def the_live_sessions_are_known(self) -> None:
        async def live(queries: Queries, key: str) -> list[Session]:
            return [session async for session in queries.sessions_of(key, self.now)]

        for key in {*self.accounts, "nobody"}:
            found = self.database.run(partial(live, key=key))
            assert sorted(session.digest for session in found) == sorted(self.live(key))
            assert [session.since for session in found] == sorted(
                session.since for session in found
            )

    @invariant()
    def the_accounts_are_known(self) -> None:
        async def stored(queries: Queries) -> dict[str, tuple[str, str]]:
            found = [
                await queries.account(name_key(summary.name))
                async for summary in queries.summaries(self.now)
            ]
            return {account.key: (account.name, account.password) for account in found if account}

        assert self.database.run(stored) == self.accounts


class AccountsModelTests(StoredCase):
    examples = 60

    def test_accounts_and_sessions_agree_with_the_model(self) -> None:
        case = self

        class Stored(Machine):
            def __init__(self) -> None:
                super().__init__(case.make_database(ACCOUNT_TABLES))

        # Trial does not find the runTest of Machine.TestCase.
        run_state_machine_as_test(
            Stored,
            settings=settings(max_examples=self.examples, stateful_step_count=30, deadline=None),
        )
