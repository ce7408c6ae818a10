"""netlab-echo as a real process, with blocking sockets as its clients."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.doubles.sockets import HAS_IPV6, NO_IPV6
from tests.processes import (
    BIN,
    DEADLINE,
    ENVIRONMENT,
    Server,
    connect,
    line,
    ports,
    receive,
    receive_all,
    resident_kib,
    send_until_full,
    wait_until,
)
from twisted_lab import __version__

ECHO = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1")


def test_the_server_starts_serves_logs_and_stops(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server:
        port = server.wait_for_port()
        with connect(port) as client:
            peer = f"127.0.0.1:{client.getsockname()[1]}"
            client.sendall(b"hello, world!")
            assert receive(client, 13) == b"hello, world!"
        server.wait_for("client disconnected")
        assert server.stop() == 0
    assert server.events()[:5] == [
        f"server started: netlab-echo {__version__}",
        f"listening on 127.0.0.1:{port}",
        f"client connected: {peer}",
        f"received 13 bytes from {peer}",
        f"sent 13 bytes to {peer}",
    ]
    assert server.events()[5].startswith(f"client disconnected: {peer}, 13 bytes in, 13 bytes out")
    assert server.events()[5].endswith(", closed by the client")
    assert server.events()[6:] == ["server stopped"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("transport", ["fast", "stock"])
def test_both_transports_serve(tmp_path: Path, transport: str) -> None:
    with (
        Server(tmp_path, "netlab", "--base-port", "0", "--transport", transport) as server,
        connect((at := ports(server))["echo"]) as echo,
        connect(at["broadcast"]) as one,
        connect(at["broadcast"]) as other,
    ):
        echo.sendall(b"x" * 300_000)
        assert receive(echo, 300_000) == b"x" * 300_000
        assert line(one) == line(other) == "CONNECT\n"
        one.sendall(b"hello\n")
        assert line(one) == line(other) != ""
        assert server.stop() == 0


def test_sigterm_closes_connections_cleanly(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server:
        port = server.wait_for_port()
        with connect(port) as idle, connect(port) as busy:
            busy.sendall(b"x" * 100_000)
            assert receive(busy, 100_000) == b"x" * 100_000
            server.process.send_signal(signal.SIGTERM)
            assert receive_all(idle) == receive_all(busy) == b""
            assert server.wait() == 0
    assert sum("closed by the server" in line for line in server.events()) == 2
    assert server.events()[-1] == "server stopped"


def test_sigterm_delivers_pending_output_to_a_slow_reader(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server, connect(server.wait_for_port()) as client:
        client.sendall(b"x")
        received = receive(client, 1)
        send_until_full(client)
        client.setblocking(True)
        client.settimeout(DEADLINE)
        server.process.send_signal(signal.SIGTERM)
        received += receive_all(client)
        client.close()
        assert server.wait() == 0
    end = next(line for line in server.events() if "client disconnected" in line)
    assert f" {len(received)} bytes out" in end


def test_clients_without_newlines_get_each_message_in_one_recv(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server:
        port = server.wait_for_port()
        with connect(port) as one, connect(port) as two:
            for text in ("hello", "привет", "bye"):
                for client in (one, two):
                    client.send(text.encode())
                    assert client.recv(1024).decode() == text


def send_and_shut_down(client: socket.socket, data: bytes) -> None:
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("size", [1, 1024, 3_000_000])
def test_a_half_closed_peer_gets_all_pending_output(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    with (
        Server(tmp_path, *ECHO, "--log-level", "warn") as server,
        connect(server.wait_for_port()) as client,
    ):
        sender = threading.Thread(target=send_and_shut_down, args=(client, data))
        sender.start()
        received = receive_all(client)
        sender.join()
    assert received == data


def test_upper_handles_cyrillic_split_at_every_byte(tmp_path: Path) -> None:
    text = "привет, мир"
    with Server(tmp_path, *ECHO, "--upper") as server:
        port = server.wait_for_port()
        for split in range(len(text.encode()) + 1):
            with connect(port) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.sendall(text.encode()[:split])
                # Whole characters come back; then the rest arrives separately for certain.
                whole = text.encode()[:split].decode(errors="ignore").upper().encode()
                assert receive(client, len(whole)) == whole
                client.sendall(text.encode()[split:])
                client.shutdown(socket.SHUT_WR)
                assert (whole + receive_all(client)).decode() == text.upper()


def test_a_reset_is_one_line(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server:
        with connect(server.wait_for_port()) as client:
            client.sendall(b"x" * 10)
            receive(client, 10)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.wait_for("client disconnected: .* connection reset")
        assert server.stop() == 0
    assert not any("Traceback" in line for line in server.lines)


def test_a_peer_that_never_reads_takes_little_memory(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO, "--log-level", "warn") as server:
        port = server.wait_for_port()
        with connect(port) as polite:
            polite.sendall(b"x" * 300_000)
            receive(polite, 300_000)
            before = resident_kib(server.process.pid)
            with connect(port) as rude:
                rude.setblocking(False)
                piece = b"x" * 65536
                while True:
                    try:
                        rude.send(piece)
                    except BlockingIOError:
                        # Still full after answers to another peer? Then the server stays full.
                        polite.sendall(b"?" * 300_000)
                        receive(polite, 300_000)
                        try:
                            rude.send(piece)
                        except BlockingIOError:
                            break
                assert resident_kib(server.process.pid) - before < 1024


def test_a_busy_port_is_replaced_by_the_next_free_one(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as first:
        port = first.wait_for_port()
        second_arguments = ("netlab-echo", "--port", str(port), "--interface", "127.0.0.1")
        with Server(tmp_path, *second_arguments) as second:
            taken = int(second.wait_for(rf"port {port} is busy, listening on (\d+)")[1])
            assert port < taken <= port + 100
            assert second.wait_for_port() == taken
            with connect(taken) as client:
                client.sendall(b"second")
                assert receive(client, 6) == b"second"
        with Server(tmp_path, *second_arguments, "--strict-port") as third:
            assert third.wait() == 1
    assert f"netlab-echo: port {port} is busy" in third.events()[0]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "http"], "--port: expected a whole number from 0 to 65535, not 'http'"),
        (["--port", "65536"], "--port: expected a whole number from 0 to 65535, not '65536'"),
        (["--interface", "192.0.2.1"], "192.0.2.1 is not an address of this machine"),
        (["--listen", "9090"], "--listen: cannot listen on '9090': "),
        (["--listen", "ssl:0:privateKey=missing.pem"], "No such file or directory"),
        (["--log-file", "missing/events.log", "--port", "0"], "cannot write the log"),
    ],
)
def test_what_cannot_start_is_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    with Server(tmp_path, "netlab-echo", *arguments) as server:
        assert server.wait() == (2 if line.startswith("--") else 1)
    assert sum("netlab-echo: " in said and line in said for said in server.lines) == 1
    assert not any("Traceback" in said for said in server.lines)


def test_a_daemon_that_cannot_listen_reports_it_and_leaves_no_pid_file(tmp_path: Path) -> None:
    end = subprocess.run(
        [BIN / "twistd", "--logfile", "x.log", "netlab-echo", "--interface", "192.0.2.1"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert end.returncode == 1
    assert "192.0.2.1 is not an address of this machine" in end.stderr
    # twistd reports to the parent process first, and then removes its file.
    wait_until(lambda: [path.name for path in tmp_path.iterdir()] == ["x.log"])


def test_a_daemon_shows_its_port_before_it_detaches(tmp_path: Path) -> None:
    start = subprocess.run(
        [BIN / "twistd", *ECHO],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    daemon = int((tmp_path / "twistd.pid").read_text())
    try:
        assert start.returncode == 0
        match = re.fullmatch(r"listening on 127.0.0.1:(\d+)\n", start.stderr)
        assert match
        with connect(int(match[1])) as client:
            client.sendall(b"hi")
            assert receive(client, 2) == b"hi"
        os.kill(daemon, signal.SIGTERM)
        wait_until(lambda: not (tmp_path / "twistd.pid").exists())
    finally:
        with suppress(ProcessLookupError):
            os.kill(daemon, signal.SIGKILL)
    # twistd.log does not exist: it would grow without limit.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["netlab.log", "netlab.log.security"]
    assert "received 2 bytes" in (tmp_path / "netlab.log").read_text()
    kept = (tmp_path / "netlab.log.security").read_text().splitlines()
    assert [line.rpartition(": ")[2] for line in kept][-1] == "server stopped"
    assert not any("received" in line for line in kept)


def test_ask_prompts_for_interface_and_port(tmp_path: Path) -> None:
    typed = "here\n127.0.0.1\n0\n"
    with Server(tmp_path, "netlab-echo", "--ask", typed=typed) as server:
        server.wait_for(r"listening on 127\.0\.0\.1:")
    said = "\n".join(server.lines)
    assert "Interface [0.0.0.0]: " in said
    assert "not 'here'" in said
    assert "Port [9090]: " in said


@pytest.mark.skipif(not HAS_IPV6, reason=NO_IPV6)
def test_one_port_serves_ipv6_and_ipv4(tmp_path: Path) -> None:
    with Server(tmp_path, "netlab-echo", "--port", "0", "--interface", "::") as server:
        port = int(server.wait_for(r"listening on \[::\]:(\d+)")[1])
        for host in ("::1", "127.0.0.1"):
            with connect(port, host) as client:
                client.sendall(b"hi")
                assert receive(client, 2) == b"hi"
        server.wait_for(r"client connected: \[::1\]:\d+")
        server.wait_for(r"client connected: 127.0.0.1:\d+")


@pytest.mark.skipif(not HAS_IPV6, reason=NO_IPV6)
def test_several_endpoints_are_served(tmp_path: Path) -> None:
    endpoints = ("--listen", "unix:echo.sock", "--listen", r"tcp6:0:interface=\:\:1")
    with Server(tmp_path, "netlab-echo", *endpoints) as server:
        server.wait_for("listening on unix:.*echo.sock")
        port = server.wait_for_port()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "echo.sock"))
            client.sendall(b"by file")
            assert receive(client, 7) == b"by file"
        with connect(port, "::1") as client:
            client.sendall(b"by IPv6")
            assert receive(client, 7) == b"by IPv6"
        assert server.stop() == 0
    assert not (tmp_path / "echo.sock").exists()


def test_tls_is_served(tmp_path: Path, certificate: Path) -> None:
    endpoint = f"ssl:0:interface=127.0.0.1:privateKey={certificate}"
    context = ssl.create_default_context(cafile=str(certificate))
    with (
        Server(tmp_path, "netlab-echo", "--upper", "--listen", endpoint) as server,
        connect(server.wait_for_port()) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        client.sendall("тайна".encode() * 10_000)
        assert receive(client, 100_000).decode() == "ТАЙНА" * 10_000


def test_a_socket_from_systemd_is_served(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor = listening.fileno()
        # As systemd does before it runs a service.
        activate = (
            f"import os; os.dup2({descriptor}, 3); "
            "os.environ.update(LISTEN_FDS='1', LISTEN_FDNAMES='echo'); "
            "os.environ['LISTEN_PID'] = str(os.getpid()); "
            f"os.execl('{BIN}/twistd', 'twistd', '-n', 'netlab-echo', "
            "'--listen', 'systemd:domain=INET:name=echo')"
        )
        with Server(
            tmp_path, command=(sys.executable, "-c", activate), pass_fds=(descriptor,)
        ) as server:
            with connect(server.wait_for_port()) as client:
                client.sendall(b"activated")
                assert receive(client, 9) == b"activated"
            assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_right_after_listening_stops_the_server(tmp_path: Path, number: int) -> None:
    for _ in range(5):
        with Server(tmp_path, "netlab-echo", "--listen", "unix:echo.sock") as server:
            server.wait_for("listening on")
            server.process.send_signal(number)
            assert server.wait() == 0
        assert server.events()[-1] == "server stopped"
        assert list(tmp_path.iterdir()) == []


def test_twistds_own_log_file_gets_the_same_events(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO, twistd=("--logfile", "x.log")) as server:
        with connect(server.wait_for_port()) as client:
            client.sendall(b"hi")
            receive(client, 2)
        assert server.stop() == 0
    assert len(server.lines) == 1, "the console shows the port and nothing else"
    logged = (tmp_path / "x.log").read_text()
    for event in ("server started", "listening on", "received 2 bytes", "server stopped"):
        assert event in logged


def test_a_moved_json_log_is_reopened(tmp_path: Path) -> None:
    log = tmp_path / "events.log"
    options = ("--log-file", "events.log", "--log-format", "json")
    with Server(tmp_path, *ECHO, *options) as server:
        port = server.wait_for_port()
        with connect(port) as client:
            client.sendall(b"hi")
            client.shutdown(socket.SHUT_WR)
            receive_all(client)
        log.rename(tmp_path / "events.old")
        server.process.send_signal(signal.SIGHUP)
        # A later connection may be accepted in the turn of the reactor that handles the signal,
        # but is served in the next one.
        with connect(port) as client:
            client.sendall(b"hi")
            client.shutdown(socket.SHUT_WR)
            receive_all(client)
        assert server.stop() == 0
    assert not any("client connected" in line for line in server.lines)
    lines = [*(tmp_path / "events.old").read_text().splitlines(), *log.read_text().splitlines()]
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == [
        "server started",
        "listening",
        *("client connected", "received", "sent", "client disconnected") * 2,
        "server stopped",
    ]
    assert log.read_text().count("\n") >= 4
    assert events[3]["bytes"] == 2
    assert events[5]["bytes_in"] == events[5]["bytes_out"] == 2
    assert {event["service"] for event in events} == {"netlab-echo"}


def test_a_full_disk_stops_only_the_log(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO, "--log-file", "/dev/full") as server:
        port = server.wait_for_port()
        with connect(port) as client:
            client.sendall(b"still here")
            assert receive(client, 10) == b"still here"
        assert server.stop() == 0
    assert sum("No space left on device" in line for line in server.lines) == 1
    assert not any("Traceback" in line for line in server.lines)


@pytest.mark.parametrize("reactor", ["asyncio", "poll", "select"])
def test_other_reactors_work(tmp_path: Path, reactor: str) -> None:
    with Server(tmp_path, *ECHO, twistd=("--reactor", reactor)) as server:
        with connect(server.wait_for_port()) as client:
            client.sendall(b"hi")
            assert receive(client, 2) == b"hi"
        assert server.stop() == 0


def test_many_simultaneous_clients_are_served(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server:
        port = server.wait_for_port()
        clients = [connect(port) for _ in range(400)]
        try:
            for number, client in enumerate(clients):
                client.sendall(b"%d" % number)
            for number, client in enumerate(clients):
                text = b"%d" % number
                assert receive(client, len(text)) == text
        finally:
            for client in clients:
                client.close()
