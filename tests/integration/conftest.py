from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.certificates import self_signed
from twisted_lab.serving.limits import raise_file_limit


@pytest.fixture(scope="session", autouse=True)
def _many_files() -> None:
    """Let the tests open as many connections as this machine allows."""
    raise_file_limit()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key and a certificate for localhost that is signed with it, in one PEM file."""
    path = tmp_path_factory.mktemp("certificate") / "localhost.pem"
    path.write_bytes(self_signed())
    return path


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port on which nobody listens, kept from others by being bound."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
