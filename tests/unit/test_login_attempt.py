"""Delays after failed logins, and the effect of attacks on the owner of an account."""

import re
from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.storage import StoredCase, execute
from twisted_lab.accounts import (
    ACCOUNT_TABLES,
    AttemptHistory,
    Lifetimes,
    LoginAttempt,
    change_password,
    login_attempt,
    open_session,
    register,
    token_digest,
)
from twisted_lab.accounts.login_attempt import MOST_NETWORKS, REMEMBERED_NETWORKS
from twisted_lab.accounts.throttle import (
    DAY,
    HOUR,
    LONGEST_DELAY,
    LONGEST_NETWORK_DELAY,
    MOST_ELSEWHERE,
    NETWORK_ALLOWANCE,
    Failures,
    account_subject,
    stranger_subject,
)

HOME = "192.0.2.1"
# Whole numbers below 2**40 have exact sums, so rounding cannot fail a test.
times = st.integers(0, 2**40).map(float)


class DelayTests(SynchronousTestCase):
    def test_the_delay_doubles(self) -> None:
        self.assertEqual(
            [Failures(count, 50.0).delay(50.0, 900.0) for count in range(14)],
            [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900],
        )

    @given(last=times, now=times)
    def test_there_is_no_delay_without_failures(self, last: float, now: float) -> None:
        self.assertEqual(Failures(0, last).delay(now, LONGEST_DELAY), 0.0)

    @given(count=st.integers(1, 10**6), last=times, now=times)
    def test_the_delay_is_bounded(self, count: int, last: float, now: float) -> None:
        delay = Failures(count, last).delay(now, LONGEST_DELAY)
        self.assertTrue(0.0 <= delay <= min(2.0 ** min(count - 1, 99), LONGEST_DELAY))

    @given(count=st.integers(1, 99), last=times, later=times)
    def test_no_delay_is_left_after_waiting(self, count: int, last: float, later: float) -> None:
        failures = Failures(count, last)
        whole = failures.delay(last, LONGEST_DELAY)
        self.assertEqual(failures.delay(last + later, LONGEST_DELAY), max(whole - later, 0.0))

    @given(count=st.integers(0, 200), last=times, now=times)
    def test_failures_can_be_added_and_withdrawn(self, count: int, last: float, now: float) -> None:
        failures = Failures(count, last)
        self.assertEqual(failures.one_more(now), Failures(count + 1, now))
        self.assertEqual(failures.one_more(now).less(1).count, count)
        self.assertEqual(failures.less(count + 1), Failures(0, last))

    def test_the_daily_limit_starts_at_the_first_failure(self) -> None:
        failures = Failures().one_more_today(5.0).one_more_today(7.0)
        self.assertEqual(failures, Failures(2, 5.0))

    def test_old_failures_do_not_count(self) -> None:
        failures = Failures(9, 100.0)
        self.assertEqual(failures.within(HOUR, 100.0 + HOUR - 1), failures)
        self.assertEqual(failures.within(HOUR, 100.0 + HOUR), Failures())

    def test_a_clock_set_back_by_a_minute_resets_failures(self) -> None:
        self.assertEqual(Failures(9, 100.0).within(HOUR, 40.0), Failures(9, 100.0))
        self.assertEqual(Failures(9, 100.0).within(HOUR, 39.0), Failures())


class SubjectsTests(SynchronousTestCase):
    def test_unknown_names_are_not_stored(self) -> None:
        self.assertTrue(re.fullmatch("name [0-9a-f]{4}", stranger_subject("secret word", "k")))
        self.assertNotEqual(stranger_subject("anna", "k"), stranger_subject("anna", "l"))
        self.assertNotEqual(stranger_subject("anna", "k"), stranger_subject("berta", "k"))
        self.assertTrue(stranger_subject("\udcff", "k").startswith("name "))

    @given(st.text(), st.text())
    def test_names_and_hashed_unknown_names_never_collide(self, key: str, other: str) -> None:
        self.assertNotEqual(account_subject(key), stranger_subject(other, "k"))


class LoginAttemptCase(StoredCase):
    def setUp(self) -> None:
        self.database = self.make_database(ACCOUNT_TABLES)
        # With this secret no two names of the tests share a subject.
        execute(self.database, "UPDATE keys SET secret = 'a'")
        self.run_work = self.database.run
        self.run_work(lambda queries: register(queries, "Anna", "hash", 0.0))

    def begin(
        self, key: str, address: str, now: float, device: str = ""
    ) -> tuple[LoginAttempt, float]:
        attempt = LoginAttempt(key, address, device)
        history: AttemptHistory = self.run_work(partial(attempt.begin, now=now, is_alone=True))
        return attempt, history.delay

    def delay(self, key: str, address: str, now: float, device: str = "") -> float:
        """Return the seconds until the attempt is allowed, without making it."""
        attempt, delay = self.begin(key, address, now, device)
        if not delay:
            self.run_work(partial(attempt.undo, now=now))
        return delay

    def fails(self, key: str, address: str, now: float, device: str = "") -> float:
        """Fail as soon as allowed; return the time."""
        attempt, delay = self.begin(key, address, now, device)
        if delay:
            return self.fails(key, address, now + delay, device)
        self.run_work(partial(attempt.failed, now=now))
        return now

    def use_allowance(self, address: str, now: float) -> None:
        """Fail with as many names as a network may before it is delayed."""
        for number in range(NETWORK_ALLOWANCE):
            self.assertEqual(self.fails(f"name{number}", address, now), now)

    def succeeds(self, key: str, address: str, now: float, device: str = "") -> bool:
        """Give the right password; return whether the attempt was allowed."""
        attempt, delay = self.begin(key, address, now, device)
        if not delay:
            self.run_work(partial(attempt.succeeded, now=now))
        return not delay


class LoginAttemptTests(LoginAttemptCase):
    def test_there_is_no_delay_without_failures(self) -> None:
        for key in ("anna", "nobody", ""):
            for address in (HOME, ""):
                self.assertEqual(self.delay(key, address, 5.0), 0.0)

    def test_known_and_unknown_names_are_delayed_alike(self) -> None:
        for key in ("anna", "nobody"):
            now = 10.0
            for delay in (1.0, 2.0, 4.0, 8.0):
                now = self.fails(key, "", now)
                self.assertEqual(self.delay(key, "", now), delay)
                self.assertEqual(self.delay(key, "", now + delay - 0.5), 0.5)
                now += delay

    def test_an_attempt_counts_before_the_password_is_checked(self) -> None:
        for key in ("anna", "nobody"):
            attempt, _ = self.begin(key, HOME, 10.0)
            self.run_work(attempt.leave)
            self.assertEqual(self.delay(key, HOME, 10.0), 1.0)

    def test_an_attempt_does_not_count_before_its_turn(self) -> None:
        self.fails("nobody", HOME, 10.0)
        attempt = LoginAttempt("anna", HOME)
        history = self.run_work(partial(attempt.begin, now=20.0, is_alone=False))
        self.assertEqual((history.delay, history.network_failed), (0.0, True))
        self.assertEqual(self.delay("anna", HOME, 20.0), 0.0)

    def test_a_withdrawn_attempt_does_not_count(self) -> None:
        attempt, _ = self.begin("anna", "", 10.0)
        self.run_work(partial(attempt.undo, now=10.0))
        self.assertEqual(self.rows(), 0)
        now = 10.0
        for _ in range(5):
            now = self.fails("anna", "", now)
        attempt, _ = self.begin("anna", "", now + 16)
        self.run_work(partial(attempt.undo, now=now + 16))
        self.assertEqual(self.delay("anna", "", now + 16), 0.0)
        self.assertEqual(self.delay("anna", "", now + 15), 1.0)

    def rows(self) -> int:
        [found] = execute(self.database, "SELECT count(*) FROM failures").fetchone()
        assert isinstance(found, int)
        return found

    def test_names_do_not_delay_each_other(self) -> None:
        self.fails("anna", "", 10.0)
        self.fails("nobody", "", 10.0)
        self.assertEqual(self.delay("berta", "", 10.0), 0.0)

    def test_networks_do_not_delay_each_other(self) -> None:
        now = 10.0
        for _ in range(20):
            now = self.fails("anna", "192.0.2.66", now)
        self.assertEqual(self.delay("anna", HOME, now), 0.0)

    def test_each_of_a_class_may_mistype_once(self) -> None:
        for number in range(NETWORK_ALLOWANCE):
            self.run_work(partial(register, name=f"name{number}", hashed="", now=0.0))
            self.fails(f"name{number}", HOME, 10.0)
            self.assertEqual(self.delay("anna", HOME, 10.0), 0.0)
        for number in range(NETWORK_ALLOWANCE):
            self.assertTrue(self.succeeds(f"name{number}", HOME, 11.0))
        self.use_allowance(HOME, 12.0)  # Their failures do not count any more.

    def test_a_network_is_delayed_for_every_name(self) -> None:
        now = 10.0
        self.use_allowance(HOME, now)
        for key in ("anna", "nobody", ""):
            now = self.fails(key, HOME, now)
        self.assertEqual(self.delay("berta", HOME, now), 4.0)
        self.assertEqual(self.delay("x", HOME, now), 4.0)

    def test_an_ipv6_network_and_a_mapped_address_count_as_one(self) -> None:
        for one, other in (("2001:db8::1", "2001:db8::ffff:2"), ("::ffff:192.0.2.9", "192.0.2.9")):
            self.use_allowance(one, 10.0)
            self.fails("anna", one, 10.0)
            self.assertEqual(self.delay("berta", other, 10.0), 1.0)
        self.assertEqual(self.delay("berta", "2001:db8:0:1::1", 10.0), 0.0)

    def test_an_ipv6_site_counts_as_one_network_for_a_name(self) -> None:
        self.fails("anna", "2001:db8::1", 10.0)
        self.assertEqual(self.delay("anna", "2001:db8:0:1::1", 10.0), 1.0)
        self.assertEqual(self.delay("anna", "2001:db8:1::1", 10.0), 0.0)

    def test_guesses_at_unknown_names_reveal_nothing(self) -> None:
        # Names may share a count; accounts share counts in the same way.
        self.patch(login_attempt, "stranger_subject", lambda key, secret: "name 0000")
        for number in range(MOST_ELSEWHERE):
            self.fails(f"x{number}", f"198.51.100.{number}", 10.0)
        for key in ("anna", "nobody"):
            self.assertEqual(self.delay(key, "203.0.113.1", 10.0), DAY)

    def test_the_longest_delay_of_an_account_is_bounded(self) -> None:
        now = 10.0
        for _ in range(20):
            now = self.fails("anna", HOME, now)
        self.assertEqual(self.delay("anna", HOME, now), LONGEST_DELAY)
        self.assertEqual(self.delay("anna", HOME, now + DAY), 0.0)

    def test_the_longest_delay_of_a_network_is_bounded(self) -> None:
        now = 10.0
        for number in range(NETWORK_ALLOWANCE + 20):
            now = self.fails(f"x{number}", HOME, now)
        self.assertEqual(self.delay("berta", HOME, now), LONGEST_NETWORK_DELAY)
        self.assertEqual(self.delay("berta", HOME, now + LONGEST_NETWORK_DELAY), 0.0)

    def test_a_login_clears_the_failures_of_the_account(self) -> None:
        now = 10.0
        for _ in range(5):
            now = self.fails("anna", "", now)
        self.assertTrue(self.succeeds("anna", "", now + 16))
        self.assertEqual(self.delay("anna", "", now + 16), 0.0)

    def test_a_login_clears_its_own_failures_of_the_network(self) -> None:
        self.use_allowance(HOME, 10.0)
        now = self.fails("nobody", HOME, self.fails("nobody", HOME, 10.0))
        now = self.fails("anna", HOME, self.fails("anna", HOME, now))
        for _ in range(3):
            self.assertTrue(self.succeeds("anna", HOME, now + 8))
            self.assertEqual(self.delay("x", HOME, now), 2.0)

    def test_failures_of_a_network_expire_after_an_hour(self) -> None:
        self.use_allowance(HOME, 10.0)
        now = self.fails("nobody", HOME, self.fails("anna", HOME, 10.0)) + HOUR
        self.use_allowance(HOME, now)
        now = self.fails("x", HOME, now)
        self.assertEqual(self.delay("y", HOME, now), 1.0)

    def test_a_network_makes_at_most_881_guesses_a_day_at_different_names(self) -> None:
        most = 0
        for length in range(NETWORK_ALLOWANCE, NETWORK_ALLOWANCE + 15):
            # A series of guesses as fast as the server lets them, and an hour of silence.
            seconds = HOUR
            for count in range(NETWORK_ALLOWANCE, length):
                excess = Failures(count, 0.0).less(NETWORK_ALLOWANCE)
                seconds += excess.delay(0.0, LONGEST_NETWORK_DELAY)
            most = max(most, round(length * DAY / seconds))
        self.assertEqual(most, 881)

    def test_old_rows_are_deleted(self) -> None:
        self.fails("anna", HOME, 10.0)
        self.assertEqual(self.rows(), 3)
        self.fails("berta", "192.0.2.2", 10.0 + DAY)
        self.assertEqual(self.rows(), 3)
        self.assertEqual(self.run_work(lambda queries: queries.total("failures")), 3)

    def test_excess_rows_are_deleted(self) -> None:
        self.patch(login_attempt, "MOST_ROWS", 30)
        for number in range(40):
            self.fails("anna", f"192.0.2.{number}", 10.0 + number)
        self.assertLessEqual(self.rows(), 30)
        secret = self.run_work(lambda queries: queries.secret("unknown names"))
        elsewhere = self.run_work(
            lambda queries: queries.failures(stranger_subject("anna", secret), "elsewhere")
        )
        self.assertEqual(elsewhere, Failures(40, 10.0))  # This row limits the guesses of the day.


class OwnersTests(LoginAttemptCase):
    """Guesses from everywhere: clients that are locked out, and others that are not."""

    def use_up(self, key: str, now: float, first: int = 0) -> None:
        for number in range(first, first + MOST_ELSEWHERE):
            self.fails(key, f"198.51.{number // 250}.{number % 250}", now)

    def test_guesses_from_unknown_networks_have_a_limit_a_day(self) -> None:
        for first, key in enumerate(("anna", "nobody")):
            self.use_up(key, 10.0, first * MOST_ELSEWHERE)
            attempt = LoginAttempt(key, "203.0.113.1")
            history = self.run_work(partial(attempt.begin, now=20.0, is_alone=True))
            self.assertEqual((history.delay, history.is_limited), (DAY - 10, True))
            self.assertEqual(self.delay(key, "203.0.113.1", 10.0 + DAY), 0.0)

    def test_the_owner_can_log_in_from_a_known_network(self) -> None:
        self.succeeds("anna", HOME, 5.0)
        self.use_up("anna", 10.0)
        self.assertFalse(self.succeeds("anna", "203.0.113.1", 10.0))
        self.assertTrue(self.succeeds("anna", HOME, 10.0))
        # Strangers notice no difference.
        self.assertFalse(self.succeeds("anna", "203.0.113.1", 11.0))

    def test_failures_from_a_known_network_count_there(self) -> None:
        self.succeeds("anna", HOME, 5.0)
        now = 10.0
        for _ in range(12):
            now = self.fails("anna", HOME, now)
        self.assertEqual(self.delay("anna", HOME, now), 2048.0)

    def test_a_client_with_a_token_can_log_in_everywhere(self) -> None:
        now = 10.0
        self.run_work(
            lambda queries: open_session(queries, "anna", "t", "x", now, Lifetimes(idle=60))
        )
        self.use_up("anna", now)
        # The token need not be valid any more.
        for address, later in (("203.0.113.1", 1.0), ("203.0.113.3", 2 * HOUR)):
            self.assertFalse(self.succeeds("anna", address, now + later))
            self.assertTrue(self.succeeds("anna", address, now + later, device=token_digest("t")))
        self.assertFalse(self.succeeds("anna", "203.0.113.2", now, device=token_digest("u")))

    def test_a_token_helps_only_its_own_account(self) -> None:
        self.run_work(lambda queries: register(queries, "Eve", "hash", 0.0))
        self.run_work(lambda queries: open_session(queries, "eve", "e", "x", 5.0, Lifetimes()))
        self.use_up("anna", 10.0)
        self.assertFalse(self.succeeds("anna", "203.0.113.2", 10.0, device=token_digest("e")))

    def test_guesses_with_a_token_have_their_own_delays(self) -> None:
        self.run_work(lambda queries: open_session(queries, "anna", "t", "x", 5.0, Lifetimes()))
        device = token_digest("t")
        now = 10.0
        for _ in range(10):
            now = self.fails("anna", HOME, now, device)
        self.assertEqual(self.delay("anna", "203.0.113.2", now, device), 512.0)

    def test_failures_in_its_network_do_not_delay_a_client_with_a_token(self) -> None:
        self.run_work(lambda queries: open_session(queries, "anna", "t", "x", 5.0, Lifetimes()))
        now = 10.0
        self.use_allowance(HOME, now)
        for number in range(9):
            now = self.fails(f"x{number}", HOME, now)
        self.assertEqual(self.delay("anna", HOME, now), 256.0)
        self.assertEqual(self.delay("anna", HOME, now, token_digest("t")), 0.0)

    def test_a_new_password_keeps_the_known_networks(self) -> None:
        self.succeeds("anna", HOME, 5.0)
        self.run_work(lambda queries: change_password(queries, "anna", "new"))
        self.use_up("anna", 10.0)
        self.assertEqual(self.delay("anna", HOME, 10.0), 0.0)

    def test_the_newest_known_networks_are_kept_for_a_while(self) -> None:
        networks = [f"203.0.113.{number}" for number in range(MOST_NETWORKS + 5)]
        for number, address in enumerate(networks):
            self.succeeds("anna", address, float(number))
        now = 100.0
        self.use_up("anna", now)
        delays = [self.delay("anna", address, now) for address in networks]
        self.assertEqual([delay > 0 for delay in delays], [True] * 5 + [False] * MOST_NETWORKS)
        now += REMEMBERED_NETWORKS
        self.use_up("anna", now)
        self.assertGreater(self.delay("anna", networks[-1], now), 0)
