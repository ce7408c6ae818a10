"""Source addresses of replies, and link-local addresses, on real networks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doubles.sockets import HAS_IPV6, NO_IPV6
from tests.processes import BIN, ROOT, Server

# A plain member with a connected socket, which drops datagrams from other addresses.
SCRIPT = """
import socket, sys
host, port = sys.argv[1:]
[(family, _, _, _, address)] = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
with socket.socket(family, socket.SOCK_DGRAM) as chat:
    chat.settimeout(10)
    chat.connect(address)
    chat.send(b"/join script")
    chat.send(chat.recv(1024))
    print(chat.recv(1024).decode())
    chat.send(b"/leave")
"""

Inside = tuple[str, ...]


def chat(directory: Path, interface: str, *options: str, inside: Inside = ()) -> Server:
    server = Server(
        directory,
        command=(
            *(*inside, str(BIN / "twistd"), "-n", "--pidfile=", "netlab-chat"),
            *("--port", "0", "--interface", interface, *options),
        ),
    )
    server.wait_for("server started")
    return server


def joins(host: str, port: int, inside: Inside = ()) -> None:
    """Let a plain member join at `host`."""
    with Server(ROOT, command=(*inside, sys.executable, "-c", SCRIPT, host, str(port))) as script:
        assert script.wait() == 0, script.lines
        assert script.lines[0].startswith("* welcome, script;")


def client(host: str, port: int, typed: str, *options: str, inside: Inside = ()) -> list[str]:
    """Send a message to `host` with our client, and return its output."""
    command = (sys.executable, "-m", "twisted_lab.client", *options)
    with Server(
        ROOT, command=(*inside, *command, "--host", host, "--port", str(port)), typed=typed
    ) as ours:
        assert ours.wait() == 0, ours.lines
    return ours.lines


def test_replies_come_from_127_0_1_1(tmp_path: Path) -> None:
    with chat(tmp_path, "0.0.0.0") as server:
        port = server.wait_for_port()
        joins("127.0.1.1", port)
        assert "Anna: hello" in client("127.0.1.1", port, "hello\n", "chat", "--name", "Anna")


@pytest.mark.skipif(not HAS_IPV6, reason=NO_IPV6)
def test_a_wildcard_port_serves_ipv6_and_ipv4(tmp_path: Path) -> None:
    with chat(tmp_path, "::") as server:
        port = server.wait_for_port()
        for host in ("127.0.1.1", "127.0.0.1", "::1"):
            joins(host, port)
        server.wait_for(r"client connected: 127\.0\.0\.1:")
        server.wait_for(r"client connected: \[::1\]:")


def namespace(stack: ExitStack, *inside: str) -> Inside:
    """Create a network namespace, and return the prefix that runs a command in it."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        pytest.skip("there is no unshare, nsenter or ip (util-linux, iproute2)")
    held = Server(
        ROOT,
        command=(*inside, "sh", "-c", "ip link set lo up && echo ready && exec sleep 600"),
    )
    stack.enter_context(held)
    held.wait_for("")
    if held.lines[0] != "ready":
        pytest.skip(f"no network namespace can be made here: {held.lines[0]}")
    there = ("--user", "--net", "--preserve-credentials", "--target", str(held.process.pid))
    return ("nsenter", *there)


@pytest.fixture
def networks() -> Iterator[tuple[Inside, Inside]]:
    """Two network namespaces connected by a cable with the ends left and right.

    Left has 192.0.2.1, 192.0.2.2 and fe80::1, right has 192.0.2.9 and fe80::2.
    """
    with ExitStack() as stack:
        left = namespace(stack, "unshare", "--user", "--map-root-user", "--net")
        right = namespace(stack, *left, "unshare", "--net")
        cable = f"ip link add left type veth peer name right netns {right[-1]}".split()
        made = subprocess.run([*left, *cable], capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"no cable can be made here: {made.stderr}")
        commands = []
        for side, name, addresses in (
            (left, "left", ("192.0.2.1/24", "192.0.2.2/24", "fe80::1/64 nodad")),
            (right, "right", ("192.0.2.9/24", "fe80::2/64 nodad")),
        ):
            # No other link-local addresses.
            commands.append((side, f"ip link set {name} addrgenmode none up"))
            commands += [(side, f"ip addr add dev {name} {each}") for each in addresses]
        for side, command in commands:
            subprocess.run([*side, *command.split()], check=True)
        yield left, right


def test_replies_come_from_a_secondary_address(
    tmp_path: Path, networks: tuple[Inside, Inside]
) -> None:
    left, right = networks
    with chat(tmp_path, "0.0.0.0", inside=left) as server:
        port = server.wait_for_port()
        for host in ("192.0.2.2", "192.0.2.1"):
            joins(host, port, right)
        server.wait_for(r"client connected: 192\.0\.2\.9:")


@pytest.mark.parametrize("interface", ["fe80::1%left", "::"])
def test_link_local_addresses_work(
    tmp_path: Path, networks: tuple[Inside, Inside], interface: str
) -> None:
    left, right = networks
    there = "fe80::1%right"
    with chat(tmp_path, interface, "--tcp-port", "0", inside=left) as server:
        udp, tcp = (int(server.wait_for(rf"listening on \[{interface}\]:(\d+)")[1]) for _ in "ut")
        joins(there, udp, right)
        said = client(there, udp, "hello\n", "chat", "--name", "Anna", inside=right)
        assert "Anna: hello" in said
        said = client(there, tcp, "/join Boris\nhello\n", inside=right)
        assert said[0].startswith(f"connected to [fe80::1%right]:{tcp} from [fe80::2%right]:")
        assert "Boris: hello" in said
        for _ in range(3):
            server.wait_for(r"client connected: \[fe80::2%left\]:\d+$")
