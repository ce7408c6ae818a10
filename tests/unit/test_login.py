"""Checkers and realm, as used by any server with a portal."""

from __future__ import annotations

import base64
from collections import deque
from typing import Any
from unittest.mock import Mock, patch

from argon2.exceptions import HashingError, VerificationError
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.guard import BasicCredentialFactory, HTTPAuthSessionWrapper
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site
from zope.interface import implementer
from zope.interface.verify import verifyObject

from tests.doubles.storage import CHEAP, CountingHashes, StoredCase, execute
from twisted_lab.accounts import (
    ACCOUNT_TABLES,
    Lifetimes,
    Passwords,
    account_name,
    change_password,
    name_key,
    register,
)
from twisted_lab.accounts.login_attempt import LEASE
from twisted_lab.accounts.throttle import HOUR, NETWORK_ALLOWANCE
from twisted_lab.login import (
    Account,
    AccountRealm,
    Hashing,
    IAccount,
    PasswordChecker,
    PeerPassword,
    Token,
    TokenChecker,
    TooManyFailures,
)
from twisted_lab.login.checkers import FIRST_PAUSE, LONGEST_SLEEP
from twisted_lab.resources import Unable

PASSWORD = b"correct horse"


class DirectThreads(Clock):
    """A reactor whose threads run everything immediately."""

    def callFromThread(self, call: Any, *arguments: Any) -> None:
        call(*arguments)

    def callInThreadWithCallback(self, done: Any, work: Any, *arguments: Any) -> None:
        try:
            done(True, work(*arguments))
        except Exception:
            done(False, Failure())


class LoginTestCase(StoredCase):
    def setUp(self) -> None:
        self.storage = self.new_storage(ACCOUNT_TABLES)
        # With this secret no two names of the tests share a subject.
        execute(self.storage.database, "UPDATE keys SET secret = 'a'")
        self.hashes = CountingHashes()
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.step = 0.0  # seconds by which the machine's clock was changed
        shared = (self.storage, self.hashes, self.clock)
        self.realm = AccountRealm(*shared, Lifetimes(idle=60, whole=600), self.now)
        self.passwords = PasswordChecker(*shared, now=self.now)
        self.tokens = TokenChecker(self.storage, self.realm.lifetimes, self.now)
        self.portal = Portal(self.realm, [self.passwords, self.tokens])
        self.register("Anna")

    def now(self) -> float:
        return self.clock.seconds() + self.step

    def register(self, name: str) -> None:
        hashed = CHEAP.hash(PASSWORD.decode())
        self.storage.database.run(lambda queries: register(queries, name, hashed, 1.0))

    def login(self, credentials: Any) -> Deferred[Any]:
        return self.portal.login(credentials, None, IAccount)

    def guess(self, name: str, password: bytes = b"wrong", address: str = "") -> Deferred[Any]:
        return self.login(PeerPassword(name.encode(), password, address))

    def give_up(self, guesses: list[Deferred[Any]]) -> None:
        for guess in reversed(guesses):
            guess.addErrback(lambda failure: failure.trap(UnauthorizedLogin, CancelledError))
            guess.cancel()

    def account(self, name: str = "Anna") -> Account:
        _, account, _ = self.successResultOf(self.guess(name, PASSWORD))
        assert isinstance(account, Account)
        return account


class PasswordCheckerTests(LoginTestCase):
    def test_checkers_and_realm_provide_the_interfaces(self) -> None:
        for checker in (self.passwords, self.tokens):
            verifyObject(ICredentialsChecker, checker)
        verifyObject(IRealm, self.realm)
        self.assertTrue(IAccount.providedBy(self.account()))
        self.assertRaises(NotImplementedError, self.realm.requestAvatar, b"Anna", None, IResource)

    def test_the_right_password_logs_in(self) -> None:
        self.assertEqual(self.account().name, "Anna")
        self.assertEqual(self.account("ANNA").name, "Anna")

    def test_a_wrong_password_and_an_unknown_name_look_and_cost_the_same(self) -> None:
        said = []
        for name in ("Anna", "nobody", "Anna".ljust(65), "\u0301\u0316" * 16_000):
            self.hashes.count = 0
            failure = self.failureResultOf(self.guess(name), UnauthorizedLogin)
            said.append((str(failure.value), self.hashes.count))
            self.clock.advance(1)
        self.assertEqual(said, [("", 1)] * 4)

    def test_undecodable_bytes_are_a_wrong_password(self) -> None:
        # PostgreSQL has no texts with NUL.
        for name, password in ((b"\xff", PASSWORD), (b"A\0", PASSWORD), (b"Anna", b"\xff\0")):
            self.failureResultOf(self.login(UsernamePassword(name, password)), UnauthorizedLogin)

    def test_each_failure_doubles_the_delay(self) -> None:
        for name in ("Anna", "nobody"):
            self.failureResultOf(self.guess(name), UnauthorizedLogin)
            for delay in (1, 2, 4, 8, 16):
                guess = self.guess(name)
                self.clock.advance(delay - 0.01)
                self.assertNoResult(guess)
                self.clock.advance(0.02)
                self.failureResultOf(guess, UnauthorizedLogin)
            failure = self.failureResultOf(self.guess(name), TooManyFailures)
            self.assertEqual(str(failure.value), "too many failures; try again in 32 s")

    def test_a_login_that_waits_notices_that_its_failures_are_forgotten(self) -> None:
        for _ in range(5):
            self.failureResultOf(self.guess("Anna"), UnauthorizedLogin)
            self.clock.advance(8)
        waiting = self.login(PeerPassword(b"Anna", PASSWORD))
        execute(self.storage.database, "DELETE FROM failures")
        self.clock.advance(LONGEST_SLEEP - 0.01)
        self.assertNoResult(waiting)
        self.clock.advance(0.01)
        self.successResultOf(waiting)

    def test_a_changed_clock_does_not_lengthen_a_delay(self) -> None:
        for step in (3600.0, -3600.0):
            self.failureResultOf(self.guess("Anna"), UnauthorizedLogin)
            waiting = self.login(PeerPassword(b"Anna", PASSWORD))
            self.assertNoResult(waiting)
            self.step += step
            self.clock.advance(1)
            self.successResultOf(waiting)

    def test_a_delay_affects_no_other_peer(self) -> None:
        self.register("Boris")
        self.failureResultOf(self.guess("Anna"), UnauthorizedLogin)
        waiting = self.guess("Anna")
        self.account("Boris")
        self.assertNoResult(waiting)

    def test_only_one_of_many_simultaneous_guesses_is_checked(self) -> None:
        self.hashes.slow = True
        guesses = [self.guess("Anna") for _ in range(20)]
        self.hashes.finish()
        self.assertEqual(self.hashes.count, 1)
        self.clock.advance(1)
        self.assertEqual(self.hashes.count, 2)
        self.assertEqual(len([guess for guess in guesses if guess.called]), 2)
        self.give_up(guesses)

    def test_the_owner_can_log_in_while_others_guess(self) -> None:
        self.failureResultOf(self.guess("Anna"), UnauthorizedLogin)
        owner = self.guess("Anna", PASSWORD)
        guesses = [self.guess("Anna") for _ in range(10)]
        self.clock.advance(1)
        self.successResultOf(owner)
        self.give_up(guesses)

    def test_a_new_network_waits_after_a_hundred_failures_elsewhere(self) -> None:
        self.successResultOf(self.guess("Anna", PASSWORD, "10.0.1.1"))
        for number in range(100):
            self.failureResultOf(self.guess("Anna", address=f"10.0.0.{number}"), UnauthorizedLogin)
        self.hashes.count = 0
        refused = self.guess("Anna", PASSWORD, "10.0.1.2")
        failure = self.failureResultOf(refused, TooManyFailures)
        self.assertIn("try again in 24 h, or from a network where", str(failure.value))
        self.assertEqual(self.hashes.count, 0)
        self.successResultOf(self.guess("Anna", PASSWORD, "10.0.1.1"))

    def test_many_networks_at_once_get_no_more_guesses(self) -> None:
        self.hashes.slow = True
        guesses = [self.guess("Anna", address=f"10.0.0.{number}") for number in range(150)]
        self.assertEqual(self.hashes.count, 100)
        self.hashes.finish()
        for guess in guesses:
            self.failureResultOf(guess, UnauthorizedLogin)

    def test_two_simultaneous_logins_do_not_wait(self) -> None:
        self.hashes.slow = True
        logins = [self.guess("Anna", PASSWORD, "10.0.0.1") for _ in range(2)]
        self.hashes.finish()
        for login in logins:
            self.successResultOf(login)

    def test_no_guess_is_checked_while_the_disk_is_full(self) -> None:
        self.storage.full = True
        for password in (b"wrong", PASSWORD):
            self.failureResultOf(self.guess("Anna", password), Unable)
        self.assertEqual(self.hashes.count, 0)

    def test_an_unchecked_password_is_no_failure(self) -> None:
        with patch.object(self.hashes, "matches", side_effect=Unable("busy", "")):
            self.failureResultOf(self.guess("Anna", PASSWORD), Unable)
        self.account()

    def use_allowance(self, address: str) -> None:
        for number in range(NETWORK_ALLOWANCE):
            self.failureResultOf(self.guess(f"name{number}", address=address), UnauthorizedLogin)

    def test_an_address_waits_regardless_of_the_name(self) -> None:
        self.use_allowance("10.0.0.1")
        self.failureResultOf(self.guess("x", address="10.0.0.1"), UnauthorizedLogin)
        waiting = self.guess("y", address="10.0.0.1")
        self.assertNoResult(waiting)
        self.failureResultOf(self.guess("z", address="10.0.0.2"), UnauthorizedLogin)
        self.clock.advance(1)
        self.failureResultOf(waiting, UnauthorizedLogin)

    def test_few_of_many_guesses_from_an_address_are_checked(self) -> None:
        self.hashes.slow = True
        guesses = [self.guess(f"peer{number}", address="10.0.0.1") for number in range(50)]
        self.assertEqual(self.hashes.count, 8)
        self.hashes.finish()
        # The first failure makes the next guess wait for the end of the other seven.
        self.clock.advance(FIRST_PAUSE)
        for seconds, count in (0, 1), (0.5, 1), (0.5, 2), (1.5, 2), (0.5, 3), (4, 4):
            self.clock.advance(seconds)
            self.assertEqual(self.hashes.count, NETWORK_ALLOWANCE + count)
        self.give_up(guesses)

    def test_an_ipv6_network_counts_as_one_address(self) -> None:
        self.hashes.slow = True
        guesses = [
            self.guess(f"x{number}", address=f"2001:db8::{number:x}") for number in range(1, 31)
        ]
        self.assertEqual(self.hashes.count, 8)
        self.give_up(guesses)

    def test_guesses_are_serialised_after_a_failure(self) -> None:
        self.use_allowance("10.0.0.1")
        self.clock.advance(1)
        self.failureResultOf(self.guess("Anna", address="10.0.0.1"), UnauthorizedLogin)
        guesses = [self.guess(f"peer{number}", address="10.0.0.1") for number in range(5)]
        self.hashes.count = 0
        self.hashes.slow = True
        self.clock.advance(1)
        self.assertEqual(self.hashes.count, 1)
        self.hashes.finish()
        self.assertEqual(self.hashes.count, 1)
        self.clock.advance(2)
        self.assertEqual(self.hashes.count, 2)
        self.give_up(guesses)

    def test_a_password_changed_meanwhile_opens_no_session(self) -> None:
        credentials = PeerPassword(b"Anna", PASSWORD)
        self.hashes.slow = True
        logging_in = self.portal.login(credentials, credentials, IAccount)
        self.storage.database.run(
            lambda queries: change_password(queries, "anna", CHEAP.hash("another password"))
        )
        self.hashes.finish()
        _, account, _ = self.successResultOf(logging_in)
        assert isinstance(account, Account)
        self.failureResultOf(
            Deferred.fromCoroutine(account.open_session("here")), UnauthorizedLogin
        )

    def test_a_hash_renewed_meanwhile_opens_a_session(self) -> None:
        self.hashes.passwords = Passwords(memory_mib=0.125, passes=1)
        credentials = PeerPassword(b"Anna", PASSWORD)
        login = self.portal.login(credentials, credentials, IAccount)
        _, account, _ = self.successResultOf(login)
        assert isinstance(account, Account)
        self.successResultOf(Deferred.fromCoroutine(account.open_session("here")))

    def test_a_cancelled_guess_does_not_block_others(self) -> None:
        self.failureResultOf(self.guess("Anna"), UnauthorizedLogin)
        waiting = self.guess("Anna")
        waiting.cancel()
        waiting.addErrback(lambda _: None)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(1)
        self.account()

    def test_a_hash_with_older_parameters_is_renewed(self) -> None:
        self.hashes.passwords = Passwords(memory_mib=0.125, passes=1)
        self.account()
        stored = self.storage.database.run(lambda queries: queries.account("anna"))
        assert stored is not None
        self.assertIn("m=128,", stored.password)
        self.hashes.count = 0
        self.account()
        self.assertEqual(self.hashes.count, 1)

    def test_a_full_disk_is_not_a_wrong_password(self) -> None:
        self.storage.full = True
        self.failureResultOf(self.guess("Anna", PASSWORD), Unable)


class SeveralProcessesTests(LoginTestCase):
    """Checkers of several processes, which share only the database."""

    def setUp(self) -> None:
        super().setUp()
        shared = (self.storage, self.hashes, self.clock)
        others = [PasswordChecker(*shared, now=self.now) for _ in range(9)]
        self.portals = [Portal(self.realm, [each]) for each in (self.passwords, *others)]

    def guess_at(self, process: int, name: str, password: bytes = b"wrong") -> Deferred[Any]:
        credentials = PeerPassword(name.encode(), password, "10.0.0.1")
        return self.portals[process].login(credentials, None, IAccount)

    def wait(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds / 0.25))

    def test_few_guesses_from_an_address_run_at_once(self) -> None:
        self.hashes.slow = True
        guesses = [self.guess_at(number % 3, f"peer{number}") for number in range(60)]
        self.wait(2)
        self.assertEqual(self.hashes.count, 8)
        self.give_up(guesses)

    def test_more_processes_allow_no_more_guesses(self) -> None:
        counts = []
        for processes in (10, 1):
            self.hashes.slow = True
            guesses = [self.guess_at(number % processes, f"peer{number}") for number in range(50)]
            for _ in range(240):
                self.clock.advance(0.25)
                self.hashes.finish()
                self.hashes.slow = True  # Each takes 0.25 s.
            counts.append(self.hashes.count)
            # One more each after 0, 1, 2, 4, 8 and 16 s; then a client is told to wait longer.
            self.give_up(guesses)
            self.clock.advance(HOUR)
            self.hashes.count = 0
        self.assertEqual(counts, [NETWORK_ALLOWANCE + 6] * 2)

    def test_guesses_at_one_name_are_made_one_at_a_time(self) -> None:
        self.hashes.slow = True
        guesses = [self.guess_at(number % 3, "Anna") for number in range(6)]
        self.wait(2)
        self.assertEqual(self.hashes.count, 1)
        self.hashes.finish()
        self.wait(1)
        self.assertEqual(self.hashes.count, 2)
        self.give_up(guesses)

    def test_an_attempt_in_another_process_does_not_refuse_the_owner(self) -> None:
        for _ in range(6):
            self.failureResultOf(self.guess_at(0, "Anna"), UnauthorizedLogin)
            self.clock.advance(32)
        self.hashes.slow = True
        logins = [self.guess_at(number, "Anna", PASSWORD) for number in range(3)]
        self.wait(2)
        self.assertEqual(self.hashes.count, 7)
        self.hashes.finish()
        self.wait(2)
        for login in logins:
            self.successResultOf(login)

    def test_a_cancelled_attempt_ends_its_turn(self) -> None:
        self.hashes.slow = True
        cancelled = self.guess_at(0, "Anna")
        self.give_up([cancelled])
        self.hashes.slow = False
        self.wait(1)  # It counts as a failure.
        self.successResultOf(self.guess_at(1, "Anna", PASSWORD))

    def test_an_attempt_of_a_dead_process_ends_with_its_lease(self) -> None:
        self.hashes.slow = True
        hanging = self.guess_at(0, "Anna")
        self.hashes.slow = False
        login = self.guess_at(1, "Anna", PASSWORD)
        self.wait(LEASE - 1)
        self.assertNoResult(login)
        self.wait(2)
        self.successResultOf(login)
        self.give_up([hanging])

    def test_a_clock_set_back_ends_leases(self) -> None:
        self.hashes.slow = True
        hanging = self.guess_at(0, "Anna")
        self.hashes.slow = False
        self.step = -100.0
        self.successResultOf(self.guess_at(1, "Anna", PASSWORD))
        self.give_up([hanging])


class TokenTests(LoginTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.token, self.until = self.successResultOf(
            Deferred.fromCoroutine(self.account().open_session("here"))
        )

    def test_a_token_logs_in(self) -> None:
        _, account, _ = self.successResultOf(self.login(Token(self.token)))
        self.assertEqual(account.name, "Anna")
        self.assertEqual(self.until, self.clock.seconds() + 600)

    def test_a_wrong_token_costs_no_hash_and_no_delay(self) -> None:
        self.hashes.count = 0
        for wrong in ("nlt_", self.token[:-1], self.token + "x", "\ud800"):
            failure = self.failureResultOf(self.login(Token(wrong)), UnauthorizedLogin)
            self.assertEqual(str(failure.value), "")
        self.assertEqual(self.hashes.count, 0)
        self.successResultOf(self.guess("Anna", PASSWORD))

    def test_use_extends_a_token_up_to_the_whole_lifetime(self) -> None:
        for _ in range(10):
            self.clock.advance(59)
            self.successResultOf(self.login(Token(self.token)))
        self.clock.advance(11)
        self.failureResultOf(self.login(Token(self.token)), UnauthorizedLogin)

    def test_an_idle_token_ends(self) -> None:
        self.clock.advance(60)
        self.failureResultOf(self.login(Token(self.token)), UnauthorizedLogin)

    def test_a_valid_token_is_not_delayed_by_failures_of_others(self) -> None:
        self.failureResultOf(self.guess("x", address="10.0.0.1"), UnauthorizedLogin)
        self.successResultOf(self.login(Token(self.token, "10.0.0.1")))


class Page(Resource):
    isLeaf = True

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.text = text

    def render_GET(self, _: object) -> bytes:
        return self.text


@implementer(IRealm)
class PageRealm:
    """A realm for a stock web server."""

    def requestAvatar(self, avatar_id: Any, mind: object, *interfaces: Any) -> Any:
        return IResource, Page(b"hello, " + avatar_id), lambda: None


class OtherServersTests(LoginTestCase):
    def get(self, name: str, password: bytes) -> bytes:
        portal = Portal(PageRealm(), [self.passwords])
        root = HTTPAuthSessionWrapper(portal, [BasicCredentialFactory(b"lab")])
        site = Site(root, reactor=self.clock)
        http = site.buildProtocol(None)
        assert http is not None
        transport = StringTransport()
        http.makeConnection(transport)
        secret = base64.b64encode(name.encode() + b":" + password)
        http.dataReceived(b"GET / HTTP/1.0\r\nAuthorization: Basic " + secret + b"\r\n\r\n")
        answer: bytes = transport.value()
        return answer

    def test_twisted_web_accepts_the_checker(self) -> None:
        self.assertIn(b"hello, Anna", self.get("anna", PASSWORD))
        wrong = self.get("anna", b"wrong")
        self.assertTrue(wrong.startswith(b"HTTP/1.0 401"), wrong)


class NamesTests(SynchronousTestCase):
    def test_a_name_is_not_taken_for_a_token(self) -> None:
        self.assertRaises(ValueError, account_name, " nlt_x")
        self.assertEqual(account_name(" Anna "), "Anna")
        self.assertEqual(name_key("ANNA"), name_key("anna"))


class WaitingThreads(Clock):
    """A reactor whose threads run only when the test tells them to."""

    def __init__(self) -> None:
        super().__init__()
        self.work: deque[Any] = deque()

    def callFromThread(self, call: Any, *arguments: Any) -> None:
        call(*arguments)

    def callInThreadWithCallback(self, done: Any, work: Any, *arguments: Any) -> None:
        self.work.append((done, work, *arguments))

    def stop(self) -> None:
        pass

    def finish_one(self) -> None:
        done, work, *arguments = self.work.popleft()
        done(True, work(*arguments))


class HashQueueTests(SynchronousTestCase):
    def setUp(self) -> None:
        threads: Any = WaitingThreads()
        self.hashing = Hashing(threads, CHEAP, threads=1)
        self.hashing._pool = self.clock = self.threads = threads
        self.done: list[str] = []

    def hash(self, network: str) -> Deferred[Any]:
        result = self.hashing.hash("x", network)
        return result.addCallback(lambda _: self.done.append(network))

    def check(self, network: str) -> Deferred[Any]:
        result = self.hashing.matches("x", "x", network, is_own=True)
        return result.addCallback(lambda _: self.done.append(network.upper()))

    def finish(self, count: int) -> list[str]:
        self.done.clear()
        for _ in range(count):
            self.threads.finish_one()
        return self.done

    def test_networks_take_turns_at_hashes(self) -> None:
        for network in "aaaaaabbbc":
            self.hash(network)
        # Two hashes are already running.
        self.assertEqual("".join(self.finish(10)), "aaabcababa")

    def test_networks_of_the_account_come_first(self) -> None:
        for network in "aab":
            self.hash(network)
        for network in "ca":
            self.check(network)
        self.assertEqual("".join(self.finish(5)), "aaCAb")

    def test_strangers_do_not_keep_known_networks_out(self) -> None:
        for number in range(66):
            self.hash(f"{number}")
        self.assertNoResult(self.check("a"))
        self.assertEqual(self.finish(3), ["0", "1", "A"])
        self.finish(64)

    def use_up(self, network: str) -> None:
        for _ in range(10):
            for _ in range(20):
                self.hash(network)
            self.finish(20)

    def test_hashes_are_rate_limited_per_network(self) -> None:
        self.use_up("a")
        for _ in range(5):
            self.hash("a")
        self.assertEqual(len(self.threads.work), 0)
        for count in range(1, 6):
            self.clock.advance(0.2)
            self.assertEqual(self.finish(1), ["a"], count)
        self.hash("b")
        self.hash("")
        self.assertEqual(self.finish(2), ["b", ""])

    def test_stopping_refuses_rate_limited_jobs(self) -> None:
        self.use_up("a")
        given_up, waiting = self.hash("a"), self.hash("a")
        given_up.cancel()
        self.failureResultOf(given_up, CancelledError)
        self.successResultOf(Deferred.fromCoroutine(self.hashing.close()))
        self.failureResultOf(waiting, Unable)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_job_with_a_long_wait_is_refused(self) -> None:
        self.use_up("a")
        waiting = [self.hash("a") for _ in range(150)]
        refused: Any = self.failureResultOf(self.hash("a"), Unable).value
        self.assertIn("from your network; try again in 31 s", str(refused))
        self.successResultOf(Deferred.fromCoroutine(self.hashing.close()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        for result in waiting:
            self.failureResultOf(result, Unable)

    def test_new_accounts_do_not_make_logins_wait(self) -> None:
        self.use_up("a")
        self.check("a")
        self.assertEqual(self.finish(1), ["A"])

    def test_known_networks_do_not_starve_strangers(self) -> None:
        for _ in range(12):
            self.check("a")
        for _ in range(4):
            self.hash("b")
        self.assertEqual("".join(self.finish(16)), "AAAbAAAbAAAbAAAb")

    def test_a_rate_limited_job_can_be_cancelled(self) -> None:
        self.use_up("a")
        result = self.hash("a")
        result.cancel()
        self.failureResultOf(result, CancelledError)
        self.clock.advance(1)
        self.assertEqual(len(self.threads.work), 0)

    def test_a_cancelled_running_job_keeps_its_thread(self) -> None:
        results = [self.hash("a") for _ in range(5)]
        for result in results:
            result.cancel()
            self.failureResultOf(result, CancelledError)
        self.assertEqual((self.hashing.queued, len(self.threads.work)), (0, 2))
        later = self.hash("b")
        self.assertEqual(self.hashing.queued, 1)
        self.assertEqual(self.finish(3), ["b"])
        self.successResultOf(later)

    def test_a_full_queue_refuses_the_newest_job_among_equals(self) -> None:
        results = [self.hash(f"{number}") for number in range(66)]
        self.failureResultOf(self.hash("x"), Unable)
        for result in results:
            self.assertNoResult(result)
        self.finish(66)

    def test_stopping_refuses_queued_jobs(self) -> None:
        results = [self.hash("a") for _ in range(5)]
        self.successResultOf(Deferred.fromCoroutine(self.hashing.close()))
        for result in results[2:]:
            self.failureResultOf(result, Unable)
        self.finish(2)

    def test_a_network_that_fills_the_queue_does_not_block_others(self) -> None:
        results = [self.hash("a") for _ in range(66)]
        self.failureResultOf(self.hash("a"), Unable)
        other = self.hash("b")
        self.failureResultOf(results.pop(), Unable)
        self.assertEqual(self.hashing.queued, 64)
        self.assertEqual(self.finish(4), ["a", "a", "a", "b"])
        self.successResultOf(other)
        self.finish(62)


class HashingTests(SynchronousTestCase):
    def test_a_lack_of_memory_is_not_a_wrong_password(self) -> None:
        hashed = CHEAP.hash("x")
        for name, error in (("hash", HashingError), ("verify", VerificationError)):
            passwords = Passwords(0.0625, 1)
            problem = Mock(side_effect=error("Memory allocation error"))
            passwords._hasher = Mock(**{name: problem})
            threads: Any = DirectThreads()
            hashing = Hashing(threads, passwords, threads=1)
            hashing._pool = threads
            result: Deferred[Any] = (
                hashing.hash("x") if name == "hash" else hashing.matches(hashed, "x")
            )
            unable: Any = self.failureResultOf(result, Unable).value
            self.assertIn("too little memory", str(unable))
            self.assertEqual(unable.reason, "a hash takes 0.0625 MiB: memory allocation error")

    def test_a_full_queue_is_reported_immediately(self) -> None:
        clock: Any = Clock()
        hashing = Hashing(clock, CHEAP, threads=1)
        waiting = [hashing.hash("x") for _ in range(66)]
        refused = self.failureResultOf(hashing.hash("x"), Unable)
        self.assertIn("try again", str(refused.value))
        # A cancelled hash frees its place.
        waiting[-1].cancel()
        self.failureResultOf(waiting[-1])
        self.assertNoResult(hashing.hash("x"))
