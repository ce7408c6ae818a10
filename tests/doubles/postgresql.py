"""A PostgreSQL server for tests: in a temporary folder, on a Unix socket.

Debian's package `postgresql` has the programs.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.processes import DEADLINE, children, wait_until

# For tests that no machine crashes in.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SMALL = ("listen_addresses=", "shared_buffers=16MB", "max_connections=30", "autovacuum=off")
_SUPERUSER = "lab"


class Missing(Exception):
    """No server can be started here; the text says why."""


def _program(name: str) -> list[str]:
    """Return the beginning of a command: PostgreSQL refuses root.

    The program stops at once when its parent, the test run, has died.
    """
    found = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), shutil.which(name)]
    if found == [None]:
        raise Missing("PostgreSQL's server is not installed (Debian: postgresql)")
    if not shutil.which("setpriv"):
        raise Missing("setpriv, which gives up root's rights, is not installed (util-linux)")
    user = ("--reuid=nobody", "--regid=nogroup", "--clear-groups") if os.geteuid() == 0 else ()
    return ["setpriv", *user, "--pdeathsig=QUIT", str(found[0])]


class PostgreSQL:
    """A server, which `running` starts.

    Args:
        folder: Its folder, which its user owns.
        settings: Its settings, such as ``fsync=off``.

    Attributes:
        address: The address of its database.
        socket: Its Unix socket.
    """

    def __init__(self, folder: Path, *settings: str) -> None:
        self.address = self.address_over(folder)
        self.socket = folder / ".s.PGSQL.5432"
        self._folder = folder
        self._settings = [f"--{setting}" for setting in (*_SMALL, *settings)]
        self._names = (f"test{number}" for number in count())
        self._process: subprocess.Popen[bytes] | None = None

    def address_over(self, folder: Path, database: str = "postgres") -> str:
        """Return the address of a database over a Unix socket in a folder."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={folder}"

    def create(self) -> None:
        """Make its data."""
        made = subprocess.run(
            [
                *(*_program("initdb"), "--pgdata", str(self._folder / "data"), "--no-sync"),
                *("--username", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"),
            ],
            cwd="/",
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise Missing(f"PostgreSQL's server cannot be started here: {made.stderr.strip()}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(*_program("postgres"), "-D", str(self._folder / "data")),
                    *("-k", str(self._folder), *self._settings),
                ],
                cwd="/",
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self._folder / "log").read_text())
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop it as ``pg_ctl stop -m immediate``: at once, without writing anything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(DEADLINE)
            self._process = None

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self._process is not None
        return self._process.pid

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        assert self._process is not None
        main = self._process.pid
        if number != signal.SIGSTOP:
            os.kill(main, number)
        for process in children(main):
            with suppress(ProcessLookupError):
                os.kill(process, number)
        if number == signal.SIGSTOP:
            os.kill(main, number)

    def kill(self) -> None:
        """Kill it."""
        assert self._process is not None
        self.signal_all(signal.SIGKILL)
        self._process.wait(DEADLINE)
        self._process = None

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect to a database."""
        return psycopg.connect(
            self.address_over(self._folder, database), autocommit=True, connect_timeout=5
        )

    @property
    def log(self) -> str:
        """The lines that it has logged."""
        return (self._folder / "log").read_text(errors="replace")

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """Return the address of tables of their own, which are removed at the end.

        They are in a schema: a database of their own would cost 40 ms of CPU time.
        """
        name = next(self._names)
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}")
            yield f"{self.address}&options=-csearch_path%3D{name}"
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def running(*settings: str) -> Iterator[PostgreSQL]:
    """Start a server, and stop it at the end.

    Raises:
        Missing: This machine or this user cannot do so.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = PostgreSQL(folder, *settings)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
