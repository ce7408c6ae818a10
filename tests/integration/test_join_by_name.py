"""A student's UDP script, which knows neither commands nor cookies, in the chat."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.processes import DEADLINE, ENVIRONMENT, Server

SCRIPT = """
import socket
import sys

name, port, *texts = sys.argv[1:]
server = ("127.0.0.1", int(port))
chat = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for text in texts:
    chat.sendto(f"{name}: {text}".encode(), server)
    data, _ = chat.recvfrom(1024)
    print(data.decode(), end="", flush=True)
chat.sendto(b"exit", server)
"""


def test_a_script_without_cookies_chats(tmp_path: Path) -> None:
    options = ("--port", "0", "--interface", "127.0.0.1", "--join-by-name", "127.0.0.0/8")
    with (
        Server(tmp_path, "netlab-chat", *options) as server,
        socket.socket(type=socket.SOCK_DGRAM) as other,
    ):
        port = server.wait_for_port()
        other.settimeout(DEADLINE)
        other.connect(("127.0.0.1", port))
        other.send(b"/join Boris")
        other.send(other.recv(1024))
        while not other.recv(1024).startswith(b"* here"):
            pass
        said = subprocess.run(
            [sys.executable, "-c", SCRIPT, "Anna", str(port), "hi all of you", "bye"],
            capture_output=True,
            env=ENVIRONMENT,
            timeout=DEADLINE,
            check=True,
        )
        assert said.stdout == b"Anna: hi all of you\nAnna: bye\n"
        heard = [other.recv(1024) for _ in range(4)]
        assert heard == [
            b"* Anna has joined\n",
            b"Anna: hi all of you\n",
            b"Anna: bye\n",
            b"* Anna has left\n",
        ]
