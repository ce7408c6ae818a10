"""Accounts of several nodes, which share one PostgreSQL."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.doubles.postgresql import PostgreSQL
from tests.processes import Server, connect, line

pytestmark = pytest.mark.xdist_group("postgresql")

PASSWORD = "correct horse battery"


AUTH = ("netlab-auth", "--port", "0", "--interface", "127.0.0.1")


@pytest.fixture
def address(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of the nodes' database."""
    with postgresql.new_database() as made:
        yield made


@contextmanager
def two_nodes(folder: Path, address: str) -> Iterator[list[int]]:
    """Run two nodes, and return their ports."""
    with ExitStack() as stack:
        command = (*AUTH, "--database", address)
        nodes = [stack.enter_context(Server(folder, *command)) for _ in range(2)]
        yield [node.wait_for_port() for node in nodes]


def log_in(port: int, *lines: str) -> socket.socket:
    """Return a connection that has sent `lines`."""
    client = connect(port)
    client.sendall("".join(f"{each}\n" for each in lines).encode())
    return client


def heard(client: socket.socket, pattern: str) -> re.Match[str]:
    """Return the match of the next line that matches."""
    while said := line(client):
        if match := re.search(pattern, said):
            return match
    raise AssertionError(f"no line matches {pattern!r}")


def ask(client: socket.socket, command: str, pattern: str) -> re.Match[str]:
    client.sendall(f"{command}\n".encode())
    return heard(client, pattern)


def test_nodes_share_sessions_and_failures(tmp_path: Path, address: str) -> None:
    with two_nodes(tmp_path, address) as ports:
        with log_in(ports[0], "ann", PASSWORD, PASSWORD) as first:
            token = heard(first, "Token: (nlt_\\S+)")[1]
            with log_in(ports[1], token) as second, log_in(ports[1], "ann", PASSWORD) as other:
                heard(second, "Welcome back, ann")
                heard(other, "Hello, ann")
                # A session that one node revokes has ended on both.
                session = ask(other, "sessions", r"^(\w+) since .* from \S+$")[1]
                ask(other, f"revoke {session}", "Revoked")
                for client in (first, second):
                    ask(client, "whoami", "^error: your session has ended; log in again")
        with log_in(ports[0], token) as client:
            heard(client, "^Wrong name, password or token")
        # The owner's network is known, so these count for the account in it, and for the network.
        with log_in(ports[0], "ann", "wrong") as one, log_in(ports[1], "ann", "wrong") as other:
            began = time.monotonic()
            for client in (one, other):
                heard(client, "^Wrong name, password or token")
            assert time.monotonic() - began > 0.9
    with psycopg.connect(address) as database:
        counts = database.execute("SELECT count FROM failures WHERE subject <> 'registrations'")
        assert counts.fetchall() == [(2,), (2,)]
        assert database.execute("SELECT * FROM attempts").fetchall() == []
