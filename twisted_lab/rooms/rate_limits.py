"""Rate limits of the work that a member, and all peers of one address together, may cause."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from math import ceil

from twisted_lab.codecs import MAX_MESSAGE
from twisted_lab.token_bucket import Bucket

# A member may send BURST messages at once, then PER_SECOND a second; further ones are dropped.
BURST = 10
PER_SECOND = 4.0
MUTE_SECONDS = 10.0
# A member may send this many bytes a second, in bursts of one largest message; others wait.
MEMBER_BYTES = 16_384
MEMBER_BURST = MAX_MESSAGE
# Burst of an address, in seconds of its rates. The burst of messages is smaller: messages must not
# arrive faster than distant members read them, because members that are 256 KiB behind are cut off.
BURST_SECONDS = 15.0
MESSAGE_BURST_SECONDS = 2.0
# Each address with recent traffic takes about 1 KiB.
MOST_ADDRESSES = 10_000
# A line of the history counts as at least this many bytes. A message of at most this size does not
# wait for longer messages from its address.
SHORT_BYTES = 256
# The welcome of a returning member counts as this many bytes, in addition to the missed messages.
WELCOME_BYTES = 65_536


class TooMany(Exception):
    """An address has exceeded a limit.

    Args:
        why: The text about the limit.
        seconds: The time until it may try again, in seconds.
    """

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(f"{why}; try again in {ceil(seconds)} s")
        self.seconds = seconds


class Allowance:
    """The message rate limit of one member, which is muted for a while if it exceeds the limit.

    Args:
        now: The time, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._bucket = Bucket(PER_SECOND, BURST, now)
        self._mute_until = now

    def spend(self, now: float) -> bool:
        """Tell whether a message is allowed, and count it; if not, mute the member."""
        if self._bucket.wait(1, now):
            self._mute_until = now + MUTE_SECONDS
            return False
        self._bucket.take(1, now)
        return True

    def is_mute(self, now: float) -> bool:
        """Tell whether messages are dropped now."""
        return self._mute_until - MUTE_SECONDS <= now < self._mute_until


@dataclass(frozen=True)
class Rates:
    """The rate limits of all peers of one address together; the defaults suit a class of thirty.

    Attributes:
        members: The most members at a time.
        joins: Joins per second.
        message_bytes: Bytes of their messages per second.
        history_bytes: Bytes of the history sent to them per second.
        copies: Copies of their messages, one for each recipient, per second. The default takes a
            tenth of a processor.
    """

    members: int = 100
    joins: float = 3.0
    message_bytes: float = 65_536
    history_bytes: float = 262_144
    copies: float = 15_000


class Address:
    """The unused rates of one address, which outlive its members.

    Attributes:
        peers: The number of conversations that refer to it.
        members: The number of members.
        most_members: The limit of members.
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
        """Tell whether it can be forgotten: it has no peers, and its rates are unused."""
        buckets = (self.joins, self.messages, self.history, self.copies)
        return not self.peers and all(bucket.is_full(now) for bucket in buckets)


class Addresses:
    """The addresses with recent traffic.

    Args:
        rates: The rates of each.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._known: OrderedDict[str, Address] = OrderedDict()

    def of(self, name: str, now: float) -> Address:
        """Return the limits of an address: an IPv4 address or an IPv6 network of 64 bits."""
        for known in list(islice(self._known, 2)):
            self._known.move_to_end(known)  # The next call examines others.
            if self._known[known].is_idle(now):
                del self._known[known]
        if name not in self._known:
            if len(self._known) >= MOST_ADDRESSES:
                del self._known[self._oldest()]
            self._known[name] = Address(self._rates, now)
        self._known.move_to_end(name)
        return self._known[name]

    def _oldest(self) -> str:
        """Return one of the oldest addresses, if possible one without peers."""
        oldest = list(islice(self._known, 100))
        return next((name for name in oldest if not self._known[name].peers), oldest[0])


class Limits:
    """The limits of one member.

    Args:
        address: The rate limits of its address.
        now: The time, in seconds.

    Attributes:
        own: The rate limit of its messages.
        bytes: The rate limit of their bytes.
        address: See above.
    """

    def __init__(self, address: Address, now: float) -> None:
        self.own = Allowance(now)
        self.bytes = Bucket(MEMBER_BYTES, MEMBER_BURST, now)
        self.address = address
