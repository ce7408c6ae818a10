"""A month of networks guessing a password at full speed, on a simulated clock."""

from __future__ import annotations

import heapq
from functools import partial
from ipaddress import IPv4Address
from itertools import count

import pytest

from twisted_lab.accounts import (
    ACCOUNT_TABLES,
    AttemptHistory,
    LoginAttempt,
    register,
    remember_network,
)
from twisted_lab.accounts.throttle import DAY, HOUR
from twisted_lab.storage import open_database

HOME = "192.0.2.1"


class Month:
    """Thirty days of guesses, with a login of the account's owner once an hour.

    Args:
        name: The name of the account.
        networks: The number of guessing networks.

    Attributes:
        guesses: The number of guesses that were checked.
        at_home: The number of logins of the owner from a known network.
        elsewhere: The number of logins of the owner from a new network.
    """

    def __init__(self, name: str, networks: int) -> None:
        self.guesses = self.at_home = self.elsewhere = 0
        self._name = name
        self._database = open_database(":memory:", ACCOUNT_TABLES)
        self._run = self._database.run
        self._run(partial(register, name="anna", hashed="", now=0.0))
        self._run(partial(remember_network, key="anna", network=HOME, now=0.0))
        order = count()
        first = IPv4Address("198.18.0.0")
        due = [(0.0, next(order), str(first + number)) for number in range(networks)]
        due += [(hour * HOUR + 1, next(order), "") for hour in range(30 * 24)]
        heapq.heapify(due)
        while due and due[0][0] < 30 * DAY:
            now, _, address = heapq.heappop(due)
            if address:
                heapq.heappush(due, (now + self._attack(address, now), next(order), address))
            else:
                self._log_in(now)
        self._database.close()

    def _begin(self, name: str, address: str, now: float) -> tuple[LoginAttempt, float]:
        attempt = LoginAttempt(name, address)
        history: AttemptHistory = self._run(partial(attempt.begin, now=now, is_alone=True))
        return attempt, history.delay

    def _attack(self, address: str, now: float) -> float:
        attempt, delay = self._begin(self._name, address, now)
        if delay:
            return delay
        self._run(partial(attempt.failed, now=now))
        self.guesses += 1
        return 0.1

    def _log_in(self, now: float) -> None:
        # At home the owner mistypes the password first.
        attempt, delay = self._begin("anna", HOME, now)
        assert not delay
        self._run(partial(attempt.failed, now=now))
        attempt, delay = self._begin("anna", HOME, now + 1)
        if not delay:
            self._run(partial(attempt.succeeded, now=now + 1))
            self.at_home += 1
        new = IPv4Address("203.0.0.0") + int(now)
        attempt, delay = self._begin("anna", str(new), now)
        if not delay:
            self._run(partial(attempt.undo, now=now))
            self.elsewhere += 1


@pytest.mark.parametrize(
    ("networks", "guesses", "elsewhere"),
    [
        (1, 731, 720),
        (4, 2884, 710),
        pytest.param(10, 3000, 261, marks=pytest.mark.long),
        pytest.param(1000, 3000, 0, marks=pytest.mark.long),
    ],
)
def test_guessing_does_not_lock_out_the_owner_in_a_month(
    networks: int, guesses: int, elsewhere: int
) -> None:
    month = Month("anna", networks)
    assert (month.guesses, month.at_home, month.elsewhere) == (guesses, 720, elsewhere)
    # For an attacker a name without an account looks the same.
    assert abs(Month("nobody", networks).guesses - guesses) <= 1
