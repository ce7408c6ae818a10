"""Rate limits: how fast a member, and all peers of one address together, may cause work."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from math import ceil

from twisted_lab.token_bucket import Bucket

# A member may say BURST messages at once, and then PER_SECOND; what it says beyond is dropped.
BURST = 10
PER_SECOND = 4.0
MUTE_SECONDS = 10.0
# It may say so many bytes a second, and a whole message at once; what it says beyond waits.
MEMBER_BYTES = 16_384
MEMBER_BURST = 65_536
# An address has this many seconds' worth of its rates at once. What it says must not come faster
# than distant members take it, who are cut off when they are 256 KiB behind.
BURST_SECONDS = 15.0
MESSAGE_BURST_SECONDS = 2.0
# Each address that something came from lately takes about 1 KiB.
MOST_ADDRESSES = 10_000
# A line of the history counts for at least this many bytes. A message of at most as many does not
# wait for the longer ones of others at its address.
SHORT_BYTES = 256
# What the welcome of a member that comes back counts for, beside what it has missed.
WELCOME_BYTES = 65_536


class TooMany(Exception):
    """An address may not do more now.

    Args:
        why: What it has too much of.
        seconds: In how many seconds it may.
    """

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(f"{why}; try again in {ceil(seconds)} s")
        self.seconds = seconds


class Allowance:
    """What one member may say: a member that says more is mute for a while.

    Args:
        now: The time, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._bucket = Bucket(PER_SECOND, BURST, now)
        self._mute_until = now

    def spend(self, now: float) -> bool:
        """Take one message, if there is one; or else the member is mute from here on."""
        if self._bucket.wait(1, now):
            self._mute_until = now + MUTE_SECONDS
            return False
        self._bucket.take(1, now)
        return True

    def is_mute(self, now: float) -> bool:
        """Tell whether what is said now is dropped."""
        return self._mute_until - MUTE_SECONDS <= now < self._mute_until


@dataclass(frozen=True)
class Rates:
    """What all peers of one address may do together; the defaults suit a class of thirty.

    Attributes:
        members: Members at a time.
        joins: Members that join, a second.
        message_bytes: Bytes that they say, a second.
        history_bytes: Bytes of what was said before that they are told, a second.
        copies: Messages that they have the room tell its members, one for each member, a second: a
            tenth of a processor.
    """

    members: int = 100
    joins: float = 3.0
    message_bytes: float = 65_536
    history_bytes: float = 262_144
    copies: float = 15_000


class Address:
    """What one address has left of its rates. It outlives the members.

    Attributes:
        peers: How many conversations refer to it.
        members: How many members there are.
        most_members: How many there may be.
    """

    def __init__(self, rates: Rates, now: float) -> None:
        self.peers = 0
        self.members = 0
        self.most_members = rates.members
        self.joins, self.history, self.copies = (
            Bucket(rate, rate * BURST_SECONDS, now)
            for rate in (rates.joins, rates.history_bytes, rates.copies)
        )
        size = rates.message_bytes
        self.messages = Bucket(size, size * MESSAGE_BURST_SECONDS, now)

    def is_idle(self, now: float) -> bool:
        """Tell whether a new one would be the same."""
        buckets = (self.joins, self.messages, self.history, self.copies)
        return not self.peers and all(bucket.is_full(now) for bucket in buckets)


class Addresses:
    """The addresses that something came from lately.

    Args:
        rates: What each may do.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._known: OrderedDict[str, Address] = OrderedDict()

    def of(self, name: str, now: float) -> Address:
        """Return the address of that name: an IPv4 address, or an IPv6 network of 64 bits."""
        for known in list(islice(self._known, 2)):
            self._known.move_to_end(known)  # So that others are looked at the next time.
            if self._known[known].is_idle(now):
                del self._known[known]
        if name not in self._known:
            if len(self._known) >= MOST_ADDRESSES:
                del self._known[self._oldest()]
            self._known[name] = Address(self._rates, now)
        self._known.move_to_end(name)
        return self._known[name]

    def _oldest(self) -> str:
        """Return one that nobody is at, if there is one among the oldest."""
        oldest = list(islice(self._known, 100))
        return next((name for name in oldest if not self._known[name].peers), oldest[0])


class Limits:
    """What one member may do.

    Args:
        address: What its address may do.
        now: The time, in seconds.

    Attributes:
        own: Its messages.
        bytes: Their bytes.
        address: See above.
    """

    def __init__(self, address: Address, now: float) -> None:
        self.own = Allowance(now)
        self.bytes = Bucket(MEMBER_BYTES, MEMBER_BURST, now)
        self.address = address
