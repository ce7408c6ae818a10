"""netlab-faults as a process, between real clients and servers."""

from __future__ import annotations

import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import pytest

from tests.doubles.sockets import HAS_IPV6, NO_IPV6
from tests.processes import (
    DEADLINE,
    ROOT,
    Server,
    connect,
    receive,
    receive_all,
    send_until_full,
    suspend,
)
from twisted_lab.faults.proxies.datagram_socket import RECEIVE_BYTES

HOST = "127.0.0.1"


class Faults(Server):
    """A process of netlab-faults with its proxies, which are named."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        super().__init__(directory, "netlab-faults", "--seed", "7", *arguments)

    def __enter__(self) -> Self:
        return self

    def port(self, name: str) -> int:
        """Wait for the port of a proxy, in the order of their names."""
        return int(self.wait_for(rf"proxy {name}: \S+:(\d+) to")[1])


def listening(stack: ExitStack) -> tuple[socket.socket, str]:
    """Open a port, and return it with its address."""
    server = stack.enter_context(socket.create_server((HOST, 0)))
    server.settimeout(10)
    return server, f"{HOST}:{server.getsockname()[1]}"


def resets(connection: socket.socket) -> bool:
    """Tell whether the peer resets a connection."""
    try:
        receive_all(connection)
    except ConnectionResetError:
        return True
    return False


def test_bytes_pass_through_every_kind_of_proxy(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server, address = listening(stack)
        inner = stack.enter_context(socket.socket(socket.AF_UNIX))
        inner.bind(str(tmp_path / "inner"))
        inner.listen()
        inner.settimeout(10)
        datagrams = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        datagrams.bind((HOST, 0))
        faults = stack.enter_context(
            Faults(
                tmp_path,
                *("--proxy", f"a=tcp:0:{address}"),
                *("--proxy", f"b=unix:outer:{address}"),
                *("--proxy", "c=tcp:0:unix:inner"),
                *("--proxy", f"d=udp:0:{HOST}:{datagrams.getsockname()[1]}"),
            )
        )
        ports = {}
        for _ in "abcd":
            match = faults.wait_for(r"proxy (\w): (\S+) to")
            ports[match[1]] = match[2].rpartition(":")[2]
        outer = socket.socket(socket.AF_UNIX)
        for open_client, listener in (
            (lambda: connect(int(ports["a"])), server),
            (lambda: outer, server),
            (lambda: connect(int(ports["c"])), inner),
        ):
            client = open_client()
            if client is outer:
                client.connect(str(tmp_path / "outer"))
            accepted, _ = listener.accept()
            with client, accepted:
                client.sendall(b"question")
                assert receive(accepted, 8) == b"question"
                accepted.sendall(b"y" * 100_000)
                assert receive(client, 100_000) == b"y" * 100_000
                client.shutdown(socket.SHUT_WR)
                assert accepted.recv(1) == b""
                accepted.sendall(b"after the half-close")
                accepted.close()
                assert receive_all(client) == b"after the half-close"
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.connect((HOST, int(ports["d"])))
            client.settimeout(10)
            for data in (b"x", b"", bytes(60_000)):
                client.send(data)
                got, peer = datagrams.recvfrom(65536)
                datagrams.sendto(got, peer)
                assert client.recv(65536) == data


def test_a_busy_moment_loses_no_datagram(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server, client = (
            stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2)
        )
        server.bind((HOST, 0))
        server.setblocking(False)
        target = f"{HOST}:{server.getsockname()[1]}"
        for number in range(10_000):
            client.sendto(b"%d" % number, server.getsockname())
        with suppress(BlockingIOError):
            while True:
                usual = int(server.recv(100)) + 1  # held by a socket of the usual size
        server.settimeout(10)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        faults = stack.enter_context(Faults(tmp_path, "--proxy", f"a=udp:0:{target}"))
        port = faults.port("a")
        suspend(faults.process.pid)
        for number in range(usual + usual // 2):
            client.sendto(b"%d" % number, (HOST, port))
        faults.process.send_signal(signal.SIGCONT)
        for number in range(usual + usual // 2):
            assert server.recv(100) == b"%d" % number


@pytest.mark.skipif(not HAS_IPV6, reason=NO_IPV6)
def test_ipv6_on_both_sides(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        target = f"[::1]:{server.getsockname()[1]}"
        faults = stack.enter_context(
            Faults(tmp_path, "--proxy", f"a=tcp:0:{target}", "--interface", "::1")
        )
        with connect(faults.port("a"), "::1") as client:
            accepted, _ = server.accept()
            with accepted:
                client.sendall(b"x")
                assert accepted.recv(1) == b"x"


def test_missing_and_resetting_servers_reset_the_client(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server, address = listening(stack)
        faults = stack.enter_context(Faults(tmp_path, "--proxy", f"a=tcp:0:{address}"))
        port = faults.port("a")
        with connect(port) as client:
            accepted, _ = server.accept()
            client.sendall(b"unread")
            time.sleep(0.1)
            accepted.close()  # with unread input: a reset
            assert resets(client)
        with connect(port) as client:
            accepted, _ = server.accept()
            with accepted:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()
                assert resets(accepted)
        server.close()
        with connect(port) as client:
            assert resets(client)
        faults.wait_for(f"no connection to {address}: no server listens there$")
        assert faults.stop() == 0


def test_a_slow_reader_stops_the_sender_and_loses_nothing(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server, address = listening(stack)
        faults = stack.enter_context(Faults(tmp_path, "--proxy", f"a=tcp:0:{address}"))
        with connect(faults.port("a")) as client:
            accepted, _ = server.accept()
            with accepted:
                send_until_full(client)  # ends, because the proxy stops to read
                client.setblocking(True)
                client.shutdown(socket.SHUT_WR)
                assert len(receive_all(accepted)) > 65536


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    with ExitStack() as stack:
        _, address = listening(stack)
        port = address.rpartition(":")[2]
        faults = stack.enter_context(Faults(tmp_path, "--proxy", f"tcp:{port}:localhost:1"))
        assert faults.wait() == 1
        faults.wait_for(f"netlab-faults: port {port} is busy: choose another one with --proxy")
        assert not any("Traceback" in line for line in faults.lines)


def test_what_is_due_is_delivered_after_sigterm_and_the_rest_is_counted(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server, address = listening(stack)
        faults = stack.enter_context(
            Faults(
                tmp_path,
                *("--proxy", f"a=tcp:0:{address}", "--drain", "2"),
                *("--toxic", "latency=500ms,direction=upstream"),
                *("--toxic", "hold,direction=downstream"),
            )
        )
        with connect(faults.port("a")) as client:
            accepted, _ = server.accept()
            with accepted:
                accepted.sendall(b"held")
                client.sendall(b"late")
                time.sleep(0.2)
                faults.process.terminate()
                assert receive_all(accepted) == b"late"
                assert receive_all(client) == b""
        assert faults.wait() == 0
        faults.wait_for(
            r"units of \S+, both ways: 2, lost: 1, with faults: 2 \(hold: 1, latency: 1\)"
        )


def test_a_thousand_links(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        server, address = listening(stack)
        faults = stack.enter_context(
            Faults(tmp_path, "--proxy", f"a=tcp:0:{address}", "--log-level", "warn")
        )
        port = faults.port("a")
        pairs = []
        for _ in range(1000):
            client = stack.enter_context(connect(port))
            accepted, _ = server.accept()
            pairs.append((client, stack.enter_context(accepted)))
        for number, (client, _) in enumerate(pairs):
            client.sendall(b"%4d" % number)
        for number, (_, accepted) in enumerate(pairs):
            assert receive(accepted, 4) == b"%4d" % number
        assert faults.stop() == 0


def test_our_client_talks_through_it_to_our_server(tmp_path: Path) -> None:
    with ExitStack() as stack:
        echo = stack.enter_context(
            Server(tmp_path, "netlab-messages", "--port", "0", "--interface", HOST)
        )
        faults = stack.enter_context(
            Faults(
                tmp_path,
                *("--proxy", f"a=tcp:0:localhost:{echo.wait_for_port()}", "--framing", "text"),
                *("--toxic", "latency=20ms", "--toxic", "slicer=3,delay=1ms"),
            )
        )
        command = (sys.executable, "-m", "twisted_lab.client", "messages", "--port")
        done = subprocess.run(
            [*command, str(faults.port("a"))],
            input="one\ntwo\nexit\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "ONE" in done.stdout


def lost(directory: Path, *options: str) -> list[bytes]:
    """Return what passes of 50 messages."""
    with ExitStack() as stack:
        server, address = listening(stack)
        faults = stack.enter_context(
            Faults(directory, "--proxy", f"a=tcp:0:{address}", "--framing", "text", *options)
        )
        with connect(faults.port("a")) as client:
            accepted, _ = server.accept()
            with accepted:
                for number in range(50):
                    client.sendall(b"%d\n" % number)
                client.shutdown(socket.SHUT_WR)
                return receive_all(accepted).splitlines()


def test_a_seed_repeats_the_decisions(tmp_path: Path) -> None:
    first = lost(tmp_path, "--toxic", "loss=30%")
    assert 10 < len(first) < 50
    assert lost(tmp_path, "--toxic", "loss=30%", "--toxic", "latency=1ms") == first


@pytest.mark.parametrize("seeds", [30, pytest.param(150, marks=pytest.mark.long)])
def test_decisions_repeat_under_load(seeds: int) -> None:
    command = [sys.executable, "-m", "tests.programs.decisions", "--seeds", str(seeds)]
    done = subprocess.run(
        command, capture_output=True, cwd=ROOT, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
