"""Faults of the machine and hostile peers, which must not affect other peers."""

from __future__ import annotations

import os
import random
import resource
import select
import shlex
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import repeat
from pathlib import Path

import pytest

from tests.processes import (
    BIN,
    DEADLINE,
    NETLAB,
    Server,
    connect,
    line,
    ports,
    receive,
    receive_all,
    resident_kib,
    send_until_full,
    suspend,
    wait_until,
)

BROADCAST = ("netlab-broadcast", "--port", "0", "--interface", "127.0.0.1")
ECHO = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1")
IDENT = ("netlab-ident", "--port", "0", "--interface", "127.0.0.1")
ASKED = "What's your name?\n"


def open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def echoes(port: int) -> None:
    """Check that a new client is served."""
    with connect(port) as client:
        client.sendall(b"hello")
        assert receive(client, 5) == b"hello"


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextmanager
def small_disk(directory: Path, kib: int) -> Iterator[Path]:
    directory.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.getuid():
        pytest.skip("only root can make a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(directory)], check=False
    )
    if made.returncode:
        pytest.skip("no small disk can be made here")
    try:
        yield directory
    finally:
        subprocess.run(["/bin/umount", "-l", str(directory)], check=True)


def fill(directory: Path) -> Path:
    """Fill the disk."""
    file = directory / "filler"
    with file.open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        filler.writelines(repeat(bytes(4096)))
    return file


def test_nothing_is_acknowledged_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 512) as disk, Server(disk, *IDENT) as server:
        port = server.wait_for_port()
        with connect(port) as one:
            assert line(one) == ASKED
            filler = fill(disk)
            one.sendall(b"Anna\n")
            assert line(one) == "error: cannot store the data now\n"
        server.wait_for(r"cannot use the database \S+: .*; clients get an error until it works")
        filler.unlink()
        with connect(port) as again:
            assert line(again) == ASKED  # The server has acknowledged nothing before storing it.
            again.sendall(b"Anna\n")
            assert line(again) == "Hello, Anna\n"
        assert server.stop() == 0


def test_the_log_resumes_when_its_directory_returns(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    log = ("--log-file", "logs/events.log", "--log-rotate-bytes", "2000")
    with Server(tmp_path, *ECHO, *log) as server:
        port = server.wait_for_port()
        echoes(port)
        shutil.rmtree(logs)
        for _ in range(10):
            echoes(port)
        server.wait_for("cannot begin a new log|cannot write the log")
        logs.mkdir()
        server.process.send_signal(signal.SIGHUP)
        for _ in range(3):
            echoes(port)
        assert server.stop() == 0
    assert "server stopped" in (logs / "events.log").read_text()


def test_connected_members_are_served_without_free_files(tmp_path: Path) -> None:
    limited = "ulimit -n 64; exec " + shlex.join([f"{BIN}/twistd", "-n", *BROADCAST])
    with (
        Server(tmp_path, command=("/bin/sh", "-c", limited)) as server,
        ExitStack() as clients,
    ):
        port = server.wait_for_port()
        waiting = [clients.enter_context(connect(port)) for _ in range(60)]
        server.wait_for("nearly all of the 64 files that may be open are")
        # Members are served: once a message reaches its sender, all members have it.
        assert line(waiting[0]) == "CONNECT\n"
        waiting[0].sendall(b"still here\n")
        assert line(waiting[0]).endswith("STILL HERE\n")
        served, _, _ = select.select(waiting, [], [], 0)
        served.append(waiting[0])
        assert 20 < len(served) < 60
        # The pending clients are served when these leave.
        for client in served:
            client.close()
        for client in waiting:
            if client not in served:
                assert line(client) == "CONNECT\n"
        server.wait_for("connections are accepted again")
        assert server.stop() == 0
    assert sum("nearly all" in text for text in server.lines) == 1


def test_one_host_at_all_ports_leaves_files_for_the_operator(tmp_path: Path) -> None:
    own = ("--metrics", "tcp:0:interface=127.0.0.1")
    limited = "ulimit -n 256; exec " + shlex.join([f"{BIN}/twistd", "-n", *NETLAB, *own])
    with (
        Server(tmp_path, command=("/bin/sh", "-c", limited)) as server,
        ExitStack() as clients,
    ):
        where = server.wait_for(r"netlab-metrics#info\] listening on (\S+)")[1]
        at = ports(server)
        files = Path(f"/proc/{server.process.pid}/fd")
        while len(list(files.iterdir())) < 256 - 64 - 3:
            echo = clients.enter_context(connect(at["echo"]))
            echo.sendall(b"x")
            assert receive(echo, 1) == b"x"
        # All of these arrive in one turn of the reactor.
        suspend(server.process.pid)
        for name in ("messages", "ident", "auth", "broadcast"):
            for _ in range(45):
                clients.enter_context(connect(at[name]))
        server.process.send_signal(signal.SIGCONT)
        server.wait_for("nearly all of the 256 files that may be open are")
        for _ in range(3):
            with urllib.request.urlopen(f"http://{where}/health", timeout=DEADLINE) as answer:
                assert answer.status == 200
        assert len(list(files.iterdir())) < 256 - 64 + 32
        clients.close()
        server.wait_for("connections are accepted again")
        assert server.stop() == 0
    assert not any("EMFILE" in text for text in server.lines)


def test_one_host_cannot_keep_others_out(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 6000:
        pytest.skip("not so many files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Server(tmp_path, *ECHO, "--log-level", "error") as server:
        port = server.wait_for_port()
        echoes(port)
        before, files = resident_kib(server.process.pid), open_files(server)
        with ExitStack() as clients:
            for _ in range(5000):
                # A client that is aborted immediately may notice before `connect` returns.
                with suppress(ConnectionResetError):
                    clients.enter_context(connect(port))
            with socket.create_connection(("127.0.0.1", port), 30, ("127.0.0.2", 0)) as other:
                other.sendall(b"hello")
                assert receive(other, 5) == b"hello"
        wait_until(lambda: open_files(server) <= files)
        assert resident_kib(server.process.pid) - before < 20_000
        assert server.stop() == 0


def test_slow_peers_do_not_delay_others(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--drain", "0") as server, ExitStack() as clients:
        at = ports(server)
        for _ in range(5):
            # These peers read nothing ...
            deaf = clients.enter_context(connect(at["echo"]))
            send_until_full(deaf)
            # ... and these send half a message.
            slow = clients.enter_context(connect(at["messages"]))
            slow.sendall(b"\0\0\1\0half")
        echoes(at["echo"])
        with connect(at["ident"]) as client:
            assert line(client) == ASKED
        assert server.stop() == 0


def test_resets_in_every_state_are_handled(tmp_path: Path) -> None:
    steps = {
        "echo": [b"", b"hello", b"x" * 100_000],
        "messages": [b"", b"\0\0", b"\0\0\0\5hel", b"\0\0\0\5hello", b"\0\0\0\4exit"],
        "ident": [b"", b"An", b"Anna\n"],
        "auth": [
            b"",
            b"ali",
            b"alice\n",
            b"alice\nsecret word\n",
            b"alice\nsecret word\nsecret word\n",
        ],
        "broadcast": [b"", b"hel", b"hello\n"],
    }
    with Server(tmp_path, *NETLAB) as server:
        at = ports(server)
        files = open_files(server)
        for name, words in steps.items():
            for said in words:
                for hears in (False, True):
                    client = connect(at[name])
                    client.sendall(said)
                    if hears and (name != "echo" or said):
                        client.recv(10)
                    reset(client)
        echoes(at["echo"])
        assert server.stop() == 0
        assert files < 100
    assert not [text for text in server.lines if "critical" in text or "Traceback" in text]


def test_vanished_peers_reach_the_idle_timeout(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--idle-timeout", "1") as server, ExitStack() as clients:
        at = ports(server)
        files = open_files(server)
        for name in ("echo", "messages", "ident", "auth"):
            clients.enter_context(connect(at[name]))
        for _ in range(4):
            server.wait_for("disconnecting .*: nothing heard for 1 s")
        wait_until(lambda: open_files(server) <= files)  # These peers do not answer the half-close.
        assert server.stop() == 0


def test_malformed_tls_is_logged_and_closed(tmp_path: Path) -> None:
    chance = random.Random(3)
    hello = bytes.fromhex("16030100c8010000c40303") + chance.randbytes(32)
    with (
        Server(tmp_path, *ECHO, "--tls", "--handshake-timeout", "1") as server,
        ExitStack() as all_,
    ):
        port = server.wait_for_port()
        for data in (
            *(chance.randbytes(chance.randrange(1, 3000)) for _ in range(50)),
            b"GET / HTTP/1.0\r\n\r\n",
            b"\x16\x03\x01\xff\xff" + bytes(70_000),
            hello + chance.randbytes(200),
        ):
            client = all_.enter_context(connect(port))
            client.sendall(data)
            try:
                receive_all(client)
            except ConnectionResetError:
                continue
        half = all_.enter_context(connect(port))
        half.sendall(hello)
        server.wait_for("no TLS within 1 s")
        assert server.stop() == 0
    assert not [text for text in server.lines if "critical" in text or "Traceback" in text]


def test_sigterm_under_load_keeps_acknowledged_data(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    with Server(tmp_path, *IDENT, "--log-level", "warn") as server:
        port = server.wait_for_port()
        enough = threading.Event()

        def register(first: int) -> None:
            for last in range(1, 250):
                host = f"127.0.{first}.{last}"
                try:
                    with socket.create_connection(("127.0.0.1", port), 30, (host, 0)) as client:
                        client.sendall(b"name %d.%d\n" % (first, last))
                        if receive_all(client).endswith(b"Hello, name %d.%d\n" % (first, last)):
                            acknowledged[host] = f"name {first}.{last}"
                except OSError:
                    return
                if len(acknowledged) > 100:
                    enough.set()

        threads = [threading.Thread(target=register, args=(first,)) for first in range(1, 9)]
        for thread in threads:
            thread.start()
        assert enough.wait(DEADLINE)
        assert server.stop() == 0
        for thread in threads:
            thread.join(DEADLINE)
    assert len(acknowledged) > 100
    with closing(sqlite3.connect(tmp_path / "netlab.sqlite3")) as database:
        kept = dict(database.execute("SELECT address, name FROM peers").fetchall())
    assert {host: kept.get(host) for host in acknowledged} == acknowledged


# Replaces the machine's clock, which cannot be set here.
JUMPING = """
real = time.time
time.time = lambda: real() + float(open({path!r}).read() or 0)
"""


def test_services_work_while_the_clock_jumps(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(JUMPING.format(path=str(offset)))
    login = b"alice\nsecret word\nwhoami\n"
    with Server(tmp_path, *NETLAB, environment={"PYTHONPATH": str(tmp_path / "site")}) as server:
        at = ports(server)
        with connect(at["ident"]) as known, connect(at["auth"]) as auth:
            assert line(known) == ASKED
            known.sendall(b"Anna\n")
            assert line(known) == "Hello, Anna\n"
            auth.sendall(b"alice\nsecret word\nsecret word\nexit\n")
            assert b"Hello, alice" in receive_all(auth)
        for seconds in ("86400", "-86400", "3600", "0"):
            offset.write_text(seconds)
            echoes(at["echo"])
            with connect(at["ident"]) as known, connect(at["auth"]) as auth:
                assert line(known) == "Hello, Anna\n"
                auth.sendall(login)
                assert receive(auth, 45).startswith(
                    b"Name or token?\nPassword?\nHello, alice\nToken"
                )
            with connect(at["broadcast"]) as member:
                assert line(member) == "CONNECT\n"
                member.sendall(b"still there\n")
                assert line(member).endswith("STILL THERE\n")
        assert server.stop() == 0


def test_a_lack_of_memory_for_a_hash_is_an_error(tmp_path: Path) -> None:
    # Each hash allocates 128 MiB.
    with Server(tmp_path, "netlab-auth", *IDENT[1:], "--argon2-memory", "128") as server:
        port = server.wait_for_port()
        with connect(port) as client:
            assert line(client) == "Name or token?\n"
            client.sendall(b"alice\n")
            assert line(client) == "New name. Choose a password:\n"
            process = server.process.pid
            size = (
                int(Path(f"/proc/{process}/statm").read_text().split()[0]) * resource.getpagesize()
            )
            unlimited = resource.prlimit(
                process, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY)
            )
            client.sendall(b"correct horse\n")
            assert line(client) == "Repeat the password:\n"
            client.sendall(b"correct horse\n")
            told = "error: the server has too little memory now; try again later\n"
            assert line(client) == told
        resource.prlimit(process, resource.RLIMIT_AS, unlimited)
        server.wait_for("could not serve .*too little memory.*a hash takes 128 MiB")
        assert server.stop() == 0
    assert not any("Traceback" in text for text in server.lines)


def test_a_lack_of_memory_at_the_start_is_one_line(tmp_path: Path) -> None:
    limited = ("prlimit", f"--as={80_000 * 1024}", str(BIN / "twistd"), "-n", "netlab-auth")
    with Server(tmp_path, command=(*limited, "--port", "0")) as server:
        assert server.wait() == 1
    assert server.lines == [
        "netlab-auth: too little memory: a hash takes 19 MiB: memory allocation error"
    ]


@pytest.mark.parametrize("service", [("netlab",), ("netlab-echo", "--workers", "2")])
def test_a_low_file_limit_at_the_start_is_one_line(
    tmp_path: Path, service: tuple[str, ...]
) -> None:
    # Not through the script's first line: a shell for it needs a file number beyond nine.
    twistd = (sys.executable, str(BIN / "twistd"), "-n")
    with Server(tmp_path, command=("prlimit", "--nofile=10", *twistd, *service)) as server:
        assert server.wait() == 1
    assert len(server.lines) == 1
    assert "only 10 files may be open" in server.lines[0]


def test_workers_run_under_another_runner(tmp_path: Path) -> None:
    twisted = (str(BIN / "python"), "-m", "twisted", "--log-format", "text")
    with Server(tmp_path, command=(*twisted, *ECHO, "--workers", "2")) as server:
        echoes(server.wait_for_port())
        assert server.stop() == 0
    assert not any("Error" in text for text in server.lines)


def test_a_busy_port_is_not_replaced_by_another_services_port(
    tmp_path: Path, kept_port: int
) -> None:
    base = min(kept_port, 64_000)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 3))
        taken.listen()
        netlab = ("netlab", "--base-port", str(base), "--interface", "127.0.0.1")
        with Server(tmp_path, *netlab) as server:
            at = ports(server)
            assert at["auth"] > base + 5
            with connect(at["broadcast"]) as broadcast:
                assert line(broadcast) == "CONNECT\n"
            assert server.stop() == 0
