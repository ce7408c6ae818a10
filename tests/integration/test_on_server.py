"""The unit tests of stored data, on a PostgreSQL server."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.doubles.postgresql import PostgreSQL
from tests.doubles.shared_log import START
from tests.doubles.storage import StoredCase, execute
from tests.unit import (
    test_accounts,
    test_accounts_command,
    test_accounts_model,
    test_auth,
    test_database,
    test_history,
    test_known_peers,
    test_login,
    test_login_attempt,
    test_rooms,
    test_shared_log,
)
from twisted_lab.rooms import Retention, Said
from twisted_lab.rooms.room_log import RoomLog
from twisted_lab.rooms.schema import SHARED_TABLES
from twisted_lab.rooms.shared_log import SharedLog
from twisted_lab.storage import Database, Tables
from twisted_lab.storage.tables import Q
from twisted_lab.testing import MemoryStorage

pytestmark = pytest.mark.xdist_group("postgresql")


class OnServer(StoredCase):
    @pytest.fixture(autouse=True)
    def _server(self, postgresql: PostgreSQL) -> None:
        self.server = postgresql

    def new_database(self) -> str:
        stack = ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(self.server.new_database())

    def make_database(self, tables: Tables[Q]) -> Database[Q]:
        return _with_given_times(super().make_database(tables))

    def new_storage(self, tables: Tables[Q]) -> MemoryStorage[Q]:
        storage = super().new_storage(tables)
        _with_given_times(storage.database)
        return storage


def _with_given_times(database: Database[Q]) -> Database[Q]:
    """Let the tests' clock count in the place of the server's."""
    given = "SELECT CAST(NULL AS DOUBLE PRECISION) AS now"
    execute(database, f"CREATE OR REPLACE VIEW login_clock AS {given}")
    return database


class AccountsTests(OnServer, test_accounts.AccountsTests):
    pass


@pytest.mark.long
class AccountsModelTests(OnServer, test_accounts_model.AccountsModelTests):
    examples = 10


@pytest.mark.long
class CommandTests(OnServer, test_accounts_command.CommandTests):
    pass


@pytest.mark.long
class IdentificationTests(OnServer, test_auth.IdentificationTests):
    pass


@pytest.mark.long
class AuthenticationTests(OnServer, test_auth.AuthenticationTests):
    pass


@pytest.mark.long
class AccountShellTests(OnServer, test_auth.AccountShellTests):
    pass


class BatchTests(OnServer, test_database.BatchTests):
    pass


class RetentionTests(OnServer, test_history.RetentionTests):
    pass


@pytest.mark.long
class OrderTests(OnServer, test_history.OrderTests):
    seeds = 3


class PeersTests(OnServer, test_known_peers.PeersTests):
    pass


@pytest.mark.long
class PasswordCheckerTests(OnServer, test_login.PasswordCheckerTests):
    pass


@pytest.mark.long
class SeveralProcessesTests(OnServer, test_login.SeveralProcessesTests):
    pass


class TokenTests(OnServer, test_login.TokenTests):
    pass


class LoginAttemptTests(OnServer, test_login_attempt.LoginAttemptTests):
    pass


@pytest.mark.long
class OwnersTests(OnServer, test_login_attempt.OwnersTests):
    pass


class HistoryTests(OnServer, test_rooms.HistoryTests):
    pass


class SharedLogTests(OnServer, test_shared_log.LogContract):
    def setUp(self) -> None:
        self.name = self.new_database()

    def make_log(self) -> SharedLog:
        storage = MemoryStorage(SHARED_TABLES, self.name)
        self.addCleanup(storage.database.close)
        self.database = storage.database
        return SharedLog(storage, Retention(most_bytes=1))

    def expire(self, log: RoomLog) -> None:
        assert isinstance(log, SharedLog)
        execute(
            self.database,
            f"UPDATE nodes SET until = now() - interval '1 s' WHERE id = '{log._node.id}'",  # noqa: S608
        )

    def prune(self, log: RoomLog, name: str) -> None:
        self.now(log.add(Said(1, name, "now", time=START)))
