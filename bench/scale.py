"""Costs of a room on several nodes for many members, computed from the costs of one.

    python -m bench.scale [--rounds N] [--stored]

It measures the units (`bench.scale_units`), stores them in bench/scale.json, and writes
docs/scale.md from bench/scale.md.in. With --stored it takes the stored units.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path
from string import Template

from twisted_lab.rooms.lease import RENEWAL_SECONDS
from twisted_lab.rooms.names import MOST_LISTED
from twisted_lab.rooms.shared_transactions import LEASE_SECONDS

STORED = Path(__file__).with_name("scale.json")
TEXT = Path(__file__).with_name("scale.md.in")
PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
SIZES = (10_000, 100_000, 1_000_000)
STAY = 3600.0  # seconds that a member stays: it joins and leaves once in that time
QUIET = 600.0  # seconds from one message of a member to its next one, where all talk
STAGE = 5.0  # messages of all members in a second, where few talk
BUSY = 0.5  # the part of a core that a node may use for sending
GATHERED = 100  # commits in a second while messages are gathered
LISTED_BYTES = 12  # bytes of a name in /who, and its comma

UNITS = (
    ("copy_us", "A message sent to one member by UDP, acknowledged: its node", "µs"),
    ("hear_us", "A message that a node has read, handed on", "µs"),
    ("join_us", "The join of a member of another node", "µs"),
    ("insert_us", "A name put into the sorted names of a million", "µs"),
    ("name_bytes", "A member of another node: memory of a node", "bytes"),
    ("begin_us", "A member of another node, when a node starts", "µs"),
    ("flush_us", "The disk stores a page: time that passes", "µs"),
    ("commit_us", "A message stored alone", "µs"),
    ("message_us", "Each further message in the same transaction", "µs"),
    ("enter_us", "A join stored alone", "µs"),
    ("enter_more_us", "Each of 100 joins in one transaction", "µs"),
    ("bury_us", "A member of a dead node removed", "µs"),
    ("renewal_us", "A lease renewed", "µs"),
    ("read_us", "A read that finds nothing", "µs"),
    ("entry_us", "Each entry that a read returns", "µs"),
    ("notification_us", "A notification sent to one node and received", "µs"),
    ("entry_disk_bytes", "An entry of 60 letters on the server's disk, with its indexes", "bytes"),
    ("member_disk_bytes", "A member on the server's disk, with its indexes", "bytes"),
)


@dataclass(frozen=True)
class Room:
    """A room, and what it costs.

    Args:
        members: The number of members.
        messages: The messages of all members in a second.
        units: The medians of the units.
    """

    members: int
    messages: float
    units: Mapping[str, float]

    @property
    def joins(self) -> float:
        """Members that join in a second; as many leave."""
        return self.members / STAY

    @property
    def entries(self) -> float:
        """Entries in a second, each of which all members get."""
        return self.messages + 2 * self.joins

    @property
    def copies(self) -> float:
        """Messages sent to members in a second."""
        return self.members * self.entries

    @property
    def cores(self) -> float:
        """Cores that send them."""
        return self.copies * self.units["copy_us"] / 1e6

    @property
    def nodes(self) -> int:
        """Nodes that send them, each with a part of a core."""
        return max(ceil(self.cores / BUSY), 3)

    @property
    def commits(self) -> float:
        """Commits in a second, of which each notifies all nodes."""
        return min(self.entries, GATHERED)

    @property
    def lock(self) -> float:
        """The part of the time in which the room is locked."""
        units = self.units
        us = self.commits * (units["flush_us"] + units["commit_us"] - units["message_us"])
        us += self.messages * units["message_us"]
        us += self.joins * (units["enter_more_us"] + units["bury_us"])
        return (us + self.nodes / RENEWAL_SECONDS * (units["flush_us"] + units["renewal_us"])) / 1e6

    @property
    def reading(self) -> float:
        """The part of a core that a node takes for what other nodes' members do."""
        units = self.units
        join = units["join_us"] + units["insert_us"] * self.members / 1e6
        us = self.commits * units["read_us"] + self.entries * (units["entry_us"] + units["hear_us"])
        return (us + 2 * self.joins * join) / 1e6

    @property
    def notifications(self) -> float:
        """Notifications in a second, of all nodes."""
        return self.commits * self.nodes

    @property
    def removal(self) -> float:
        """Seconds in which the members of a dead node are removed, after its lease has ended."""
        return self.members / self.nodes * self.units["bury_us"] / 1e6


Show = Callable[[Room], str]
ROWS: Sequence[tuple[str, Show]] = (
    ("Messages in a second", lambda room: f"{room.messages:,.1f}"),
    ("Joins and leaves in a second", lambda room: f"{2 * room.joins:,.1f}"),
    ("**Fan-out**: copies sent in a second", lambda room: f"{room.copies:,.0f}"),
    ("Cores that send them", lambda room: f"{room.cores:,.1f}"),
    ("Nodes, each with half a core for sending", lambda room: f"{room.nodes:,}"),
    ("Members of a node", lambda room: f"{room.members / room.nodes:,.0f}"),
    (
        "**Place counter**: seconds in each second that the room is locked",
        lambda r: f"{r.lock:,.2f}",
    ),
    ("**Leases**: renewals in a second", lambda room: f"{room.nodes / RENEWAL_SECONDS:,.1f}"),
    (
        f"Removing the members of a dead node, {LEASE_SECONDS:g} s after it died: seconds",
        lambda room: f"{room.removal:,.2f}",
    ),
    ("**Notifications** in a second", lambda room: f"{room.notifications:,.0f}"),
    (
        "CPU of the server and the nodes for them: cores",
        lambda room: f"{room.notifications * room.units['notification_us'] / 1e6:,.2f}",
    ),
    (
        "**Names**: memory of each node, MB",
        lambda r: f"{r.members * r.units['name_bytes'] / 1e6:,.0f}",
    ),
    (
        "Reading and keeping names: part of a core of each node",
        lambda room: f"{room.reading:,.1%}",
    ),
    (
        "Start of a node: CPU seconds",
        lambda room: f"{room.members * room.units['begin_us'] / 1e6:,.1f}",
    ),
    (
        "**History** of a day on disk, GB, without a limit",
        lambda room: f"{86_400 * room.entries * room.units['entry_disk_bytes'] / 1e9:,.1f}",
    ),
    (
        "How long the default history of 16 MiB reaches back: minutes",
        lambda room: f"{2**24 / room.units['entry_disk_bytes'] / room.entries / 60:,.1f}",
    ),
)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def units_table(units: Mapping[str, Sequence[float]]) -> str:
    """Return the table of the units, with their medians, minima and maxima."""
    rows = []
    for name, what, unit in UNITS:
        values = units[name]
        shown = (
            f"{statistics.median(values):,.0f} {unit} ({min(values):,.0f} to {max(values):,.0f})"
        )
        rows.append([what, shown])
    return _table(["unit", "median (minimum to maximum)"], rows)


def rooms_table(rooms: Sequence[Room]) -> str:
    """Return the table of what rooms cost."""
    titles = ["members", *(f"{room.members:,}" for room in rooms)]
    return _table(titles, [[what, *map(show, rooms)] for what, show in ROWS])


def limit(fits: Callable[[int], bool]) -> str:
    """Return the largest number of members, to two digits, for which something fits."""
    size = 10
    while fits(size + size // 10):
        size += size // 10
    digits = 10 ** (len(str(size)) - 2)
    return f"{size // digits * digits:,}"


def page(units: Mapping[str, Sequence[float]], machine: str, day: str) -> str:
    """Return the page, computed from the values of the units."""
    medians = {name: statistics.median(values) for name, values in units.items()}

    def talk(members: int) -> Room:
        return Room(members, members / QUIET, medians)

    def stage(members: int) -> Room:
        return Room(members, STAGE, medians)

    per_core = 1e6 / medians["copy_us"]
    return Template(TEXT.read_text()).substitute(
        machine=machine,
        date=day,
        rounds=str(len(next(iter(units.values())))),
        units=units_table(units),
        talk=rooms_table([talk(size) for size in SIZES]),
        stage=rooms_table([stage(size) for size in SIZES]),
        talk_limit=limit(lambda members: talk(members).entries <= STAGE),
        talk_cores=limit(lambda members: talk(members).cores <= 16),
        quiet_stage=limit(lambda members: members * STAGE / per_core <= 16),
        stage_cores=limit(lambda members: stage(members).cores <= 16),
        lock_limit=limit(lambda members: talk(members).lock <= 0.5),
        copies=f"{per_core:,.0f}",
        joins=f"{1e6 / (medians['enter_more_us'] + medians['bury_us']):,.0f}",
        durable=f"{1e6 / medians['message_us']:,.0f}",
        who=f"{MOST_LISTED * LISTED_BYTES / 1000:g}",
        quiet=f"{QUIET / 60:g}",
        stage_rate=f"{STAGE:g}",
    )


def main() -> None:
    """Measure, or take the stored units, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--stored", action="store_true", help="take the stored units")
    arguments = parser.parse_args()
    if not arguments.stored:
        from bench.machine import processor
        from bench.scale_units import measure

        stored = {
            "machine": processor(),
            "date": date.today().isoformat(),
            "units": measure(arguments.rounds),
        }
        STORED.write_text(json.dumps(stored, indent=1) + "\n")
    found = json.loads(STORED.read_text())
    text = page(found["units"], found["machine"], found["date"])
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
