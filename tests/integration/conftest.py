from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doubles import postgresql as servers
from tests.doubles.certificates import self_signed
from twisted_lab.ports.file_reserve import raise_file_limit


@pytest.fixture(scope="session", autouse=True)
def _many_files() -> None:
    """Raise the limit of open files to what this machine allows."""
    raise_file_limit()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key and a self-signed certificate for localhost, in one PEM file."""
    path = tmp_path_factory.mktemp("certificate") / "localhost.pem"
    path.write_bytes(self_signed())
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """A PostgreSQL server, for tests that make databases of their own."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(servers.running(*servers.FAST))
        except servers.Missing as reason:
            # .ci/run has installed it.
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(reason))
        yield server


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port on which no process listens: it is bound here."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def kept_port() -> Iterator[int]:
    """A UDP port that a restarted server can use again.

    It lies outside of the kernel's range of ephemeral ports, if possible. A TCP socket bound to the
    same number reserves it against other tests.
    """
    range_file = Path("/proc/sys/net/ipv4/ip_local_port_range")
    low, high = map(int, range_file.read_text().split())
    ports = [*range(10_000, low), *range(high + 1, 65_536)] or [*range(10_000, 65_536)]
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as lock, socket.socket(type=socket.SOCK_DGRAM) as trial:
            try:
                lock.bind(("127.0.0.1", port))
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            trial.close()
            yield port
            return
    raise AssertionError("no port is free")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, those of pages: at the end, they would run alone."""
    items.sort(key=lambda item: item.path.name != "test_transcripts.py")
