"""What logging in needs, without threads and without waiting."""

from __future__ import annotations

from typing import TypeVar

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.task import Clock

from twisted_lab.accounts import CannotStore, Lifetimes, Passwords, Work, open_database
from twisted_lab.channels import Unable
from twisted_lab.login import AccountRealm

Result = TypeVar("Result")

CHEAP = Passwords(memory_mib=0.0625, passes=1)


class MemoryStorage:
    """A database that is not stored, and answers at once; or not at all, if it is `full`."""

    def __init__(self) -> None:
        self.database = open_database(":memory:")
        self.full = False

    def run(self, work: Work[Result]) -> Deferred[Result]:
        if self.full:
            return fail(Unable("cannot store that now", str(CannotStore("disk full"))))
        return execute(self.database.run, work)


class CountingHashes:
    """Makes hashes at once, and counts them. If `wanted` is set, one waits until it is fired."""

    def __init__(self, passwords: Passwords = CHEAP) -> None:
        self.passwords = passwords
        self.count = 0
        self.wanted: Deferred[None] | None = None

    def matches(self, hashed: str, password: str) -> Deferred[bool]:
        self.count += 1
        wait, self.wanted = self.wanted or succeed(None), None
        return wait.addCallback(lambda _: self.passwords.matches(hashed, password))

    def hash(self, password: str) -> Deferred[str]:
        self.count += 1
        return succeed(self.passwords.hash(password))


def memory_realm(lifetimes: Lifetimes = Lifetimes()) -> AccountRealm:  # noqa: B008
    clock = Clock()
    clock.advance(1_700_000_000)
    return AccountRealm(MemoryStorage(), CountingHashes(), clock, lifetimes)
