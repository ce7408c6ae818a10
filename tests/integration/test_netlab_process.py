"""All services in one process, with control, metrics and TLS."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doubles.certificates import self_signed
from tests.processes import (
    DEADLINE,
    ENVIRONMENT,
    NETLAB,
    Server,
    connect,
    line,
    ports,
    receive,
    receive_all,
    send_until_full,
    wait_until,
)


def control(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twisted_lab.control", *words],
        cwd=directory,
        env=ENVIRONMENT,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )


def over_tls(port: int, certificate: Path, before: bytes = b"") -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(certificate))
    plain = connect(port)
    plain.sendall(before)
    return context.wrap_socket(plain, server_hostname="localhost")


def test_all_services_share_one_log_and_one_database(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--log-file", "events.log", "--log-format", "json") as server:
        at = ports(server)
        with connect(at["echo"]) as echo:
            echo.sendall(b"hello")
            assert receive(echo, 5) == b"hello"
        with connect(at["messages"]) as messages:
            assert receive(messages, 14) == b"\0\0\0\nMessage 1:"
        with connect(at["ident"]) as ident:
            assert line(ident) == "What's your name?\n"
            ident.sendall(b"Anna\n")
            assert line(ident) == "Hello, Anna\n"
        with connect(at["auth"]) as auth:
            assert line(auth) == "Name or token?\n"
        with connect(at["broadcast"]) as broadcast:
            assert line(broadcast) == "CONNECT\n"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chat:
            chat.settimeout(DEADLINE)
            chat.sendto(b"/join Anna", ("127.0.0.1", at["chat"]))
            assert chat.recv(100).startswith(b"/join Anna ")
        assert server.stop() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "events.log",
        "events.log.security",
        "netlab.sqlite3",
    ]
    events = [json.loads(text) for text in (tmp_path / "events.log").read_text().splitlines()]
    connected = [event["service"] for event in events if event["event"] == "client connected"]
    assert connected == [
        f"netlab-{name}" for name in ("echo", "messages", "ident", "auth", "broadcast")
    ]
    names = (events[0]["event"], events[1]["event"], events[-1]["event"])
    assert names == ("database created", "server started", "server stopped")


def test_some_services_run_with_an_option_of_one(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--only", "messages,echo", "--echo-upper") as server:
        port = int(server.wait_for(r"^echo +\S+:(\d+) ")[1])
        with connect(port) as echo:
            echo.sendall(b"hello")
            assert receive(echo, 5) == b"HELLO"
        assert server.stop() == 0
    assert not any("auth" in text for text in server.lines)


def test_control_commands_work(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--control", "unix:netlab.control") as server:
        server.wait_for("listening on unix:netlab.control")
        at = ports(server)
        assert (tmp_path / "netlab.control").stat().st_mode & 0o777 == 0o600
        with connect(at["echo"]) as echo, connect(at["broadcast"]) as other:
            assert line(other) == "CONNECT\n"
            assert control(tmp_path, "pause", "echo").returncode == 0
            with pytest.raises(ConnectionRefusedError):
                connect(at["echo"])
            echo.sendall(b"hello")
            assert receive(echo, 5) == b"hello"
            assert "(paused)" in control(tmp_path, "status").stdout
            assert control(tmp_path, "resume", "echo").returncode == 0
            connect(at["echo"]).close()
            peer = f"127.0.0.1:{other.getsockname()[1]}"
            assert re.search(f"netlab-broadcast +{peer} ", control(tmp_path, "connections").stdout)
            assert control(tmp_path, "disconnect", peer).stdout == "disconnected: 1\n"
            with pytest.raises(ConnectionResetError):
                other.recv(1)
            assert control(tmp_path, "log-level", "warn").returncode == 0
            echo.sendall(b"unheard of")
            assert receive(echo, 10) == b"unheard of"
        failed = control(tmp_path, "pause", "nothing")
        assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
        assert control(tmp_path, "stop").returncode == 0
        assert server.wait() == 0
    assert not any("10 bytes" in text for text in server.lines)
    assert not (tmp_path / "netlab.control").exists()
    gone = control(tmp_path, "status")
    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)


def test_control_works_after_a_kill(tmp_path: Path) -> None:
    arguments = ("netlab-echo", "--port", "0", "--control", "unix:netlab.control")
    with Server(tmp_path, *arguments) as server:
        server.wait_for_port()
        server.process.kill()
    with Server(tmp_path, *arguments) as server:
        server.wait_for("listening on unix:netlab.control")
        assert control(tmp_path, "stop").returncode == 0
        assert server.wait() == 0


def test_metrics_are_served(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--metrics", "tcp:0:interface=127.0.0.1") as server:
        where = server.wait_for(r"netlab-metrics#info\] listening on (\S+)")[1]
        at = ports(server)
        with connect(at["echo"]) as echo:
            echo.sendall(b"hello")
            assert receive(echo, 5) == b"hello"
            with urllib.request.urlopen(f"http://{where}/metrics", timeout=DEADLINE) as answer:
                text = answer.read().decode()
        assert server.stop() == 0
    assert 'netlab_connections{service="netlab-echo"} 1.0' in text
    assert 'netlab_bytes_total{direction="in",service="netlab-echo"} 5.0' in text
    assert "process_resident_memory_bytes" in text


def test_idle_peers_do_not_block_the_operator_ports(tmp_path: Path) -> None:
    own = ("--metrics", "unix:metrics", "--control", "unix:netlab.control")
    with Server(tmp_path, "netlab-echo", "--port", "0", *own) as server, ExitStack() as stack:
        server.wait_for("netlab-metrics.*listening on")
        server.wait_for_port()

        def stranger(name: str) -> socket.socket:
            made = stack.enter_context(socket.socket(socket.AF_UNIX))
            made.settimeout(DEADLINE)
            made.connect(str(tmp_path / name))
            return made

        silent = [[stranger(name) for _ in range(30)] for name in ("metrics", "netlab.control")]
        for each in silent:
            # The newest ten stay connected.
            assert all(receive(peer, 1) == b"" for peer in each[:20])
        posts = stranger("metrics")
        posts.sendall(b"POST /metrics HTTP/1.1\r\nContent-Length: 900000\r\n\r\n" + b"x" * 200_000)
        assert receive(posts, 12) == b"HTTP/1.1 405"
        asks = stranger("metrics")
        asks.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 2)
        assert receive_all(asks).count(b"HTTP/1.1 200 OK") == 1
        assert control(tmp_path, "stop").returncode == 0
        assert server.wait() == 0


def test_tls_works_with_a_self_signed_certificate(tmp_path: Path) -> None:
    own = tmp_path / "netlab.pem"
    with Server(tmp_path, *NETLAB, "--tls") as server:
        said = server.wait_for(r"certificate (\S+), valid until \S+, SHA-256 (\S+)$")
        assert said[1] == str(own)
        at = ports(server)
        for name, first in (
            ("messages", b"\0\0\0\nMessage 1:"),
            ("ident", b"What's your name?\n"),
            ("auth", b"Name or token?\n"),
            ("broadcast", b"CONNECT\n"),
        ):
            with over_tls(at[name], own) as client:
                assert receive(client, len(first)) == first
        with over_tls(at["echo"], own) as client:
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
            shown = ssl.DER_cert_to_PEM_cert(client.getpeercert(binary_form=True) or b"")
        assert shown in own.read_text()
        assert server.stop() == 0


def test_sighup_loads_a_renewed_certificate(tmp_path: Path) -> None:
    path = tmp_path / "server.pem"
    path.write_bytes(self_signed())
    arguments = ("netlab-echo", "--port", "0", "--tls", "--certificate", str(path))
    with Server(tmp_path, *arguments, "--interface", "127.0.0.1") as server:
        server.wait_for("certificate .* SHA-256")
        port = server.wait_for_port()
        with over_tls(port, path) as before:
            path.write_bytes(self_signed())
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("certificate .* SHA-256")
            with over_tls(port, path) as after:
                after.sendall(b"new")
                assert receive(after, 3) == b"new"
            before.sendall(b"old")
            assert receive(before, 3) == b"old"
        path.write_text("not any more")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("the previous certificate stays in use: cannot use ")
        assert server.stop() == 0


def test_workers_use_the_certificate_of_their_supervisor(tmp_path: Path) -> None:
    arguments = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1", "--tls")
    with Server(tmp_path, *arguments, "--workers", "2") as server:
        server.wait_for("certificate .* SHA-256")
        port = server.wait_for_port()
        for _ in range(4):
            with over_tls(port, tmp_path / "netlab.pem") as client:
                client.sendall(b"hello")
                assert receive(client, 5) == b"hello"
        (tmp_path / "netlab.pem").write_bytes(self_signed())
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("certificate .* SHA-256")
        row = 0

        def shows_it_ten_times_in_a_row() -> bool:
            nonlocal row
            try:
                over_tls(port, tmp_path / "netlab.pem").close()
                row += 1
            except ssl.SSLCertVerificationError:
                row = 0
            return row == 10

        wait_until(shows_it_ten_times_in_a_row)
        assert server.stop() == 0


V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 7, 127, 0, 0, 1, 0x16, 0x0F, 0, 80])


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.7 127.0.0.1 5647 80\r\n", V2])
@pytest.mark.parametrize("endpoint", [False, True])
def test_a_proxy_header_precedes_tls(tmp_path: Path, header: bytes, endpoint: bool) -> None:
    path = tmp_path / "server.pem"
    path.write_bytes(self_signed())
    where = (
        ("--listen", f"ssl:0:interface=127.0.0.1:privateKey={path}")
        if endpoint
        else ("--port", "0", "--interface", "127.0.0.1", "--tls", "--certificate", str(path))
    )
    with Server(tmp_path, "netlab-broadcast", "--proxy-protocol", *where) as server:
        port = server.wait_for_port()
        with over_tls(port, path, header) as client:
            assert line(client) == "CONNECT\n"
            client.sendall(b"hi\n")
            assert line(client) == "Message from client ('192.0.2.7', 5647): HI\n"
        with connect(port) as wrong:
            wrong.sendall(b"\x16\x03\x01 this is no PROXY header")
            with pytest.raises(ConnectionResetError):
                wrong.recv(1)
        server.wait_for("no valid PROXY header")
        assert server.stop() == 0


def test_one_host_cannot_use_all_connections(tmp_path: Path) -> None:
    arguments = ("netlab-broadcast", "--port", "0", "--interface", "127.0.0.1")
    with Server(tmp_path, *arguments, "--max-per-peer", "2") as server:
        port = server.wait_for_port()
        with connect(port) as one, connect(port) as two, connect(port) as three:
            assert [line(each) for each in (one, two)] == ["CONNECT\n"] * 2
            told = "error: too many connections from your address: 2 are served\n"
            assert receive_all(three).decode() == told
            with socket.create_connection(("127.0.0.1", port), DEADLINE, ("127.0.0.2", 0)) as other:
                assert line(other) == "CONNECT\n"
            one.close()
            server.wait_for("client disconnected.*closed by the client")
            with connect(port) as again:
                assert line(again) == "CONNECT\n"
        assert server.stop() == 0


def test_a_drain_of_0_aborts_connections_immediately(tmp_path: Path) -> None:
    arguments = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1", "--drain")
    with Server(tmp_path, *arguments, "0") as server, connect(server.wait_for_port()) as client:
        client.sendall(b"x")
        client.recv(1)
        send_until_full(client)
        assert server.stop() == 0
    assert any("cut off by the server" in text for text in server.lines)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("agrees", [True, False])
def test_a_peer_behind_a_proxy_may_close_without_close_notify(tmp_path: Path, agrees: bool) -> None:
    path = tmp_path / "server.pem"
    path.write_bytes(self_signed())
    arguments = ("netlab-broadcast", "--port", "0", "--interface", "127.0.0.1", "--proxy-protocol")
    with Server(tmp_path, *arguments, "--tls", "--certificate", str(path)) as server:
        port = server.wait_for_port()
        if agrees:
            with over_tls(port, path, V2) as client:
                assert line(client) == "CONNECT\n"
                client.shutdown(socket.SHUT_WR)  # the end of TCP without close_notify
        else:
            with connect(port) as plain:
                plain.sendall(V2)
                plain.shutdown(socket.SHUT_WR)
        server.wait_for("client disconnected: 192.0.2.7:5647")
        assert server.stop() == 0
    assert not [text for text in server.lines if "Error" in text]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--tls", "--certificate", "nope.pem"), "cannot use the certificate .*nope.pem"),
        (("--metrics", "tcp:1:interface=192.0.2.1"), "192.0.2.1 is not an address of this"),
        (("--control", "unix:/nonexistent/x"), "cannot listen on 'unix:/nonexistent/x"),
    ],
)
def test_a_late_start_error_ends_the_process(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    # By then the database is open and its thread waits for work.
    with Server(tmp_path, *NETLAB, *arguments) as server:
        server.wait_for(why)
        assert server.wait() == 1
        assert re.search(why, server.lines[-1])  # after Twisted's lines about closed ports
        assert not any("server started" in said for said in server.lines)
    assert not (tmp_path / "netlab.sqlite3-wal").exists()


def test_a_room_on_several_nodes_names_the_missing_driver(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('no driver')")
    chat = ("netlab-chat", "--port", "0", "--history", "postgresql://anna@db/lab")
    path = f"{tmp_path}:{os.environ['PYTHONPATH']}" if "PYTHONPATH" in os.environ else str(tmp_path)
    with Server(tmp_path, *chat, environment={"PYTHONPATH": path}) as server:
        server.wait_for("postgresql://anna@db/lab needs psycopg: pip install")
        assert server.wait() == 1
        assert not any("Traceback" in said for said in server.lines)
