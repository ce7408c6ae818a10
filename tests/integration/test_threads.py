"""The threads of storage and hashing, with the real reactor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from tests.doubles.recording import recorded_events
from tests.doubles.storage import CHEAP
from twisted_lab.accounts import ACCOUNT_TABLES, register
from twisted_lab.accounts.commands import ALL_TABLES, AllQueries
from twisted_lab.interfaces import global_reactor
from twisted_lab.known_peers import PEER_TABLES, PeerQueries, recognize, remember
from twisted_lab.login import Hashing
from twisted_lab.resources import Unable
from twisted_lab.storage import outages
from twisted_lab.storage.database import Unavailable
from twisted_lab.storage.sqlite_database import SQLiteDatabase
from twisted_lab.storage.threads import Storage


@pytest_twisted.ensureDeferred
async def test_work_is_batched_in_few_transactions_and_answered_in_order(tmp_path: Path) -> None:
    storage = Storage(global_reactor(), str(tmp_path / "names.sqlite3"))
    store = storage.of(PEER_TABLES)
    storage.open()
    order: list[int] = []
    database = storage._database
    assert isinstance(database, SQLiteDatabase)

    async def introduce(number: int) -> str | None:
        async def work(queries: PeerQueries) -> str | None:
            return await remember(queries, f"10.0.0.{number % 50}", f"name {number}", 1.0)

        name = await store.run(work)
        order.append(number)
        return name

    with patch.object(database, "run_all", wraps=database.run_all) as run_all:
        names = await gatherResults(
            [Deferred.fromCoroutine(introduce(number)) for number in range(200)]
        )
    assert names == [f"name {number % 50}" for number in range(200)]
    assert order == list(range(200))
    assert [len(call.args[0]) for call in run_all.call_args_list] == [1, 199]
    await storage.close()


@pytest_twisted.ensureDeferred
async def test_a_transaction_has_its_own_locks_if_all_its_work_has(tmp_path: Path) -> None:
    storage = Storage(global_reactor(), str(tmp_path / "names.sqlite3"))
    others, locking = storage.of(PEER_TABLES), storage.of(replace(PEER_TABLES, has_own_locks=True))
    storage.open()
    database = storage._database
    assert isinstance(database, SQLiteDatabase)

    async def work(_: PeerQueries) -> None:
        pass

    with patch.object(database, "run_all", wraps=database.run_all) as run_all:
        await locking.run(work)
        await gatherResults([locking.keep(work), locking.run(work), locking.run(work)])
        await gatherResults([others.run(work), locking.run(work), others.keep(work)])
    assert [call.args[1] for call in run_all.call_args_list] == [True, True, True, False, False]
    await storage.close()


@pytest_twisted.ensureDeferred
async def test_packages_share_transactions(tmp_path: Path) -> None:
    storage = Storage(global_reactor(), str(tmp_path / "names.sqlite3"))
    peers, accounts = storage.of(PEER_TABLES), storage.of(ACCOUNT_TABLES)
    storage.open()
    database = storage._database
    assert isinstance(database, SQLiteDatabase)
    statements: list[str] = []
    database._connection.set_trace_callback(statements.append)
    running: list[Deferred[Any]] = [
        peers.run(lambda queries: remember(queries, "10.0.0.1", "Anna", 1.0)),
        accounts.run(lambda queries: register(queries, "Boris", "hash", 1.0)),
        peers.run(lambda queries: remember(queries, "10.0.0.2", "Carl", 1.0)),
    ]
    await gatherResults(running)
    assert (
        statements.count("COMMIT") == 2
    )  # the first piece of work, and those that arrived meanwhile
    assert await accounts.read(lambda queries: queries.account("boris")) is not None
    await storage.close()


@pytest_twisted.ensureDeferred
async def test_failed_work_fails_alone(tmp_path: Path) -> None:
    async def broken(kept: AllQueries) -> None:
        await remember(kept.peers, "10.0.0.1", "Anna", 1.0)
        raise ValueError("no")

    async def unstorable(kept: AllQueries) -> None:
        await kept.accounts.add_session("digest", "nobody", "here", 1.0, 9.0)

    storage = Storage(global_reactor(), str(tmp_path / "names.sqlite3"))
    store = storage.of(ALL_TABLES)
    storage.open()
    running: list[Deferred[Any]] = [
        store.run(lambda kept: recognize(kept.peers, "10.0.0.1", 1.0)),
        store.run(broken),
        store.run(unstorable),
        store.run(lambda kept: recognize(kept.peers, "10.0.0.1", 1.0)),
    ]
    assert await running[0] is None
    with pytest.raises(ValueError, match="no"):
        await running[1]
    with pytest.raises(Unable, match="cannot store the data now") as caught:
        await running[2]
    assert caught.value.reason == "FOREIGN KEY constraint failed"
    assert await running[3] is None
    # Work whose caller has cancelled is completed without a report.
    given_up = store.run(lambda kept: remember(kept.peers, "10.0.0.1", "Anna", 1.0))
    given_up.addErrback(lambda _: None).cancel()
    assert await store.run(lambda kept: recognize(kept.peers, "10.0.0.1", 1.0)) == "Anna"
    await storage.close()


@pytest_twisted.ensureDeferred
async def test_an_outage_is_logged_once(tmp_path: Path) -> None:
    events, recorder = recorded_events()
    storage = Storage(global_reactor(), str(tmp_path / "names.sqlite3"), events)
    store = storage.of(PEER_TABLES)
    storage.open()
    recorder.clear()

    async def unavailable(_: PeerQueries) -> None:
        raise Unavailable("the server is gone")

    for run in (store.run, store.read, store.keep):
        with pytest.raises(Unable) as caught:
            await run(unavailable)
        assert caught.value.is_known
    assert recorder.names == ["database lost"]
    await storage.close()


@pytest_twisted.ensureDeferred
async def test_a_removed_file_is_an_outage_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "PROBE_SECONDS", 0.01)
    monkeypatch.setattr(outages, "QUIET_SECONDS", 0.05)
    events, recorder = recorded_events()
    path = tmp_path / "names.sqlite3"
    storage = Storage(global_reactor(), str(path), events)
    store = storage.of(PEER_TABLES)
    storage.open()
    recorder.clear()
    path.rename(tmp_path / "elsewhere")
    for _ in range(3):
        with pytest.raises(Unable) as caught:
            await store.run(lambda kept: remember(kept, "10.0.0.1", "Anna", 1.0))
        assert caught.value.is_known
    await deferLater(global_reactor(), 0.2)
    assert recorder.names == ["database lost"]
    (tmp_path / "elsewhere").rename(path)
    await deferLater(global_reactor(), 0.3)
    assert recorder.names == ["database lost", "database back"]
    await storage.close()


@pytest_twisted.ensureDeferred
async def test_reads_are_ordered_and_do_not_delay_writes(
    tmp_path: Path,
) -> None:
    storage = Storage(global_reactor(), str(tmp_path / "names.sqlite3"))
    store = storage.of(PEER_TABLES)
    early = store.run(lambda queries: remember(queries, "10.0.0.1", "Anna", 1.0))
    storage.open()
    await early
    began, go_on = Event(), Event()

    async def slow(queries: PeerQueries) -> str | None:
        name = await recognize(queries, "10.0.0.1", 1.0)
        began.set()
        go_on.wait()
        return name

    async def unstorable(queries: PeerQueries) -> None:
        await remember(queries, "10.0.0.2", "Boris", 1.0)

    done: list[str] = []

    def note(result: Any, name: str) -> Any:
        done.append(name)
        return result

    reads: list[Deferred[Any]] = [
        store.read(work).addBoth(note, name)
        for name, work in (("slow", slow), ("cancelled", slow), ("bad", unstorable))
    ]
    reads[1].addErrback(lambda _: None).cancel()
    began.wait()
    began.clear()
    await store.run(lambda queries: remember(queries, "10.0.0.3", "Carl", 1.0))
    assert done == ["cancelled"]
    go_on.set()
    assert await reads[0] == "Anna"
    with pytest.raises(Unable, match="cannot read the data now") as caught:
        await reads[2]
    assert caught.value.reason == "attempt to write a readonly database"
    assert done == ["cancelled", "slow", "bad"]
    assert not began.is_set()  # Work cancelled before its turn is not started.
    await storage.close()
    assert not (tmp_path / "names.sqlite3-wal").exists()


@pytest_twisted.ensureDeferred
async def test_hashes_run_on_other_threads() -> None:
    hashing = Hashing(global_reactor(), CHEAP, threads=2)
    hashing.open()
    hashed = await gatherResults([hashing.hash(f"password {number}") for number in range(20)])
    right: list[bool] = await gatherResults(
        [hashing.matches(one, f"password {number}") for number, one in enumerate(hashed)]
    )
    assert all(right)
    many = [hashing.hash("password") for _ in range(1000)]
    refused: list[Failure] = []
    for one in many:
        one.addErrback(refused.append)
    await gatherResults(many)
    assert 0 < len(refused) < 1000
    assert all(failure.check(Unable) for failure in refused)
    await hashing.close()
