"""Known peers: limits on their number, age and rate."""

from __future__ import annotations

from functools import partial

from tests.doubles.storage import StoredCase
from twisted_lab import known_peers
from twisted_lab.known_peers import (
    DAY,
    MOST_OF_NETWORK,
    PEER_TABLES,
    PIECE,
    UNUSED,
    PeerQueries,
    recognize,
    remember,
)
from twisted_lab.storage import CannotStore


class PeersTests(StoredCase):
    def setUp(self) -> None:
        self.database = self.make_database(PEER_TABLES)

    def remember(self, address: str, now: float) -> str | None:
        return self.database.run(partial(remember, address=address, name="Anna", now=now))

    def recognize(self, address: str, now: float) -> str | None:
        return self.database.run(partial(recognize, address=address, now=now))

    def addresses(self) -> list[str]:
        async def work(queries: PeerQueries) -> list[str]:
            return [peer.address async for peer in queries.peers()]

        found = self.database.run(work)
        self.assertEqual(self.database.run(lambda queries: queries.total()), len(found))
        return found

    def test_the_first_name_of_an_address_stays(self) -> None:
        self.remember("192.0.2.1", 0.0)
        work = partial(remember, address="192.0.2.1", name="Berta", now=0.0)
        self.assertEqual(self.database.run(work), "Anna")

    def test_a_visit_is_recorded_once_a_day(self) -> None:
        self.remember("192.0.2.1", 0.0)
        visit = partial(recognize, address="192.0.2.1")
        for now in (0.0, 1.0, DAY - 1, -DAY):
            self.assertEqual(self.database.read(partial(visit, now=now)), "Anna")
        # It would change something.
        self.assertRaises(CannotStore, self.database.read, partial(visit, now=DAY))
        self.recognize("192.0.2.1", DAY)
        self.assertEqual(self.database.read(partial(visit, now=DAY)), "Anna")

    def test_a_peer_is_deleted_after_a_year_without_a_visit(self) -> None:
        for number in range(PIECE + 2):
            self.remember(f"192.0.2.{number}", 0.0)
        self.recognize("192.0.2.0", DAY)
        self.remember("198.51.100.1", UNUSED - 1)
        self.assertEqual(len(self.addresses()), PIECE + 3)
        self.remember("198.51.100.2", UNUSED)
        self.assertEqual(len(self.addresses()), 4)  # ten rows at a time
        self.remember("198.51.100.3", UNUSED)
        self.assertEqual(
            self.addresses(), ["192.0.2.0", *(f"198.51.100.{number}" for number in (1, 2, 3))]
        )

    def test_a_full_network_deletes_its_oldest_peer(self) -> None:
        self.patch(known_peers, "MOST_OF_NETWORK", 3)
        self.remember("2001:db8:0:1::1", 0.0)
        for number in range(3):
            self.remember(f"2001:db8::{number}", DAY * number)
        self.recognize("2001:db8::1", DAY * 4)
        self.assertIsNone(self.remember("2001:db8::3", DAY * 5))  # All have visited recently.
        for number, days in ((3, 8), (9, 10)):
            self.assertEqual(self.remember(f"2001:db8::{number}", DAY * days), "Anna")
        self.assertEqual(
            self.addresses(),
            ["2001:db8:0:1::1", "2001:db8::1", "2001:db8::3", "2001:db8::9"],
        )
        self.assertEqual(MOST_OF_NETWORK, 1000)

    def test_a_full_database_deletes_no_peer(self) -> None:
        self.patch(known_peers, "MOST_PEERS", 2)
        for number in (1, 2):
            self.assertEqual(self.remember(f"192.0.2.{number}", 0.0), "Anna")
        self.assertIsNone(self.remember("192.0.2.3", 1.0))
        self.assertEqual(self.remember("192.0.2.2", 1.0), "Anna")
        self.assertEqual(self.addresses(), ["192.0.2.1", "192.0.2.2"])
        self.assertEqual(self.remember("192.0.2.3", UNUSED), "Anna")

    def test_deleted_peers_are_not_counted(self) -> None:
        for number in range(3):
            self.remember(f"192.0.2.{number}", 0.0)

        async def forget(queries: PeerQueries) -> int:
            return len([peer async for peer in queries.forget_peers("192.0.2.1")])

        self.assertEqual(self.database.run(forget), 1)
        self.assertEqual(len(self.addresses()), 2)
        self.database.run(lambda queries: queries.forget_all_peers())
        self.assertEqual(self.addresses(), [])
