"""Faults that change while a proxy serves: the control channel's words for netlab-faults."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from tests.processes import DEADLINE, ENVIRONMENT, Server, connect, receive


@pytest.fixture
def upstream() -> Iterator[int]:
    """Serve two echo connections, and yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def serve(listener: socket.socket) -> None:
    def repeat(connection: socket.socket) -> None:
        with connection, suppress(ConnectionResetError):
            while data := connection.recv(65536):
                connection.sendall(data)

    for _ in range(2):
        connection, _ = listener.accept()
        Thread(target=repeat, args=(connection,), daemon=True).start()


def tell(directory: Path, *words: str) -> str:
    command = [sys.executable, "-m", "twisted_lab.control", "tell", "faults", *words]
    done = subprocess.run(
        command,
        cwd=directory,
        env=ENVIRONMENT,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    return done.stdout + done.stderr


def is_refused(port: int) -> bool:
    try:
        with connect(port) as client:
            client.recv(1)
    except ConnectionResetError:
        return True
    return False


def test_toxics_change_while_a_link_is_open(tmp_path: Path, upstream: int) -> None:
    proxy = ("--proxy", f"chat=tcp:0:127.0.0.1:{upstream}", "--control", "unix:netlab.control")
    with Server(tmp_path, "netlab-faults", *proxy) as server:
        port = server.wait_for_port()
        with connect(port) as client:
            client.sendall(b"at once")
            assert receive(client, 7) == b"at once"
            assert tell(tmp_path, "add", "hold,direction=upstream").startswith("added: hold,")
            client.sendall(b"held")
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.settimeout(DEADLINE)
            assert tell(tmp_path, "release") == "released units: 1\n"
            assert receive(client, 4) == b"held"
            client.sendall(b"held again")
            assert tell(tmp_path, "remove", "hold") == "removed: hold\n"
            assert receive(client, 10) == b"held again"
            client.sendall(b"at once")
            assert receive(client, 7) == b"at once"
            assert tell(tmp_path, "disable", "chat") == "disabled: chat\n"
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        assert is_refused(port)
        assert tell(tmp_path, "enable", "chat") == "enabled: chat\n"
        with connect(port) as client:
            client.sendall(b"again")
            assert receive(client, 5) == b"again"
        assert server.stop() == 0
    told = [event for event in server.events() if event.startswith("told to ")]
    assert told[0] == "told to add hold,direction=upstream (netlab-faults)"
    assert not any("Traceback" in line for line in server.lines)
