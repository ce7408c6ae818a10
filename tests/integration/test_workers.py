"""Services with several processes, which look like one to clients and operators."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from tests.processes import (
    BIN,
    DEADLINE,
    ENVIRONMENT,
    Server,
    children,
    connect,
    receive,
    receive_all,
    send_until_full,
    suspend,
    wait_until,
)
from twisted_lab import __version__
from twisted_lab.process.workers.worker_process import START

LOCAL = ("--port", "0", "--interface", "127.0.0.1")
ECHO = ("netlab-echo", *LOCAL, "--workers", "2")


def started(server: Server, count: int = 2) -> list[int]:
    return [int(server.wait_for(r"worker started: process (\d+)")[1]) for _ in range(count)]


def is_alive(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(processes: Iterable[int]) -> None:
    wait_until(lambda: not any(map(is_alive, processes)))


def files_of(process: int) -> list[str]:
    names = []
    for path in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # It was closed meanwhile.
            names.append(str(path.readlink()))
    return names


def sockets(process: int) -> set[str]:
    return {link for link in files_of(process) if link.startswith("socket:")}


def refuses(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        connect(port).close()
        return False
    return True


def test_200_connections_are_shared_by_workers_and_logged_in_one_file(tmp_path: Path) -> None:
    log = ("--log-file", "events.log", "--log-format", "json")
    with Server(tmp_path, *ECHO, *log) as server, ExitStack() as stack:
        port = server.wait_for_port()
        workers = children(server.process.pid)
        assert len(workers) == 2
        clients = []
        for _ in range(2):
            clients += [stack.enter_context(connect(port)) for _ in range(100)]
            # The last connection is answered once all are accepted.
            clients[-1].sendall(b"!")
            assert receive(clients[-1], 1) == b"!"
            busiest = max(workers, key=lambda worker: len(sockets(worker)))
            os.kill(busiest, signal.SIGSTOP)  # One process may accept all of them.
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        for number, client in enumerate(clients):
            client.sendall(f"this is {number}".encode() * 50)
        for number, client in enumerate(clients):
            expected = f"this is {number}".encode() * 50
            assert receive(client, len(expected)) == expected
        serving = [len(sockets(worker)) for worker in workers]
        assert sum(serving) >= 200
        assert min(serving) > 50, serving
        assert server.stop() == 0
        wait_until_gone(workers)
    records = [json.loads(line) for line in (tmp_path / "events.log").read_text().splitlines()]
    names = [record["event"] for record in records]
    for name, count in {
        "server started": 1,
        "worker started": 2,
        "listening": 1,
        "client connected": 200,
        "received": 202,
        "client disconnected": 200,
        "server stopped": 1,
    }.items():
        assert names.count(name) == count, name
    assert names[-1] == "server stopped"
    assert server.events() == [f"listening on 127.0.0.1:{port}"]
    assert not any("Traceback" in line for line in server.lines)


def control(directory: Path, *words: str) -> str:
    command = [str(BIN / "python"), "-m", "twisted_lab.control", *words]
    done = subprocess.run(
        command, cwd=directory, env=ENVIRONMENT, text=True, capture_output=True, check=False
    )
    return done.stdout + done.stderr


def is_refused(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        connect(port).close()
        return False
    return True


def test_control_and_metrics_cover_all_workers(tmp_path: Path) -> None:
    looked_at = ("--control", "unix:netlab.control", "--metrics", "tcp:0:interface=127.0.0.1")
    with Server(tmp_path, *ECHO, *looked_at) as server, ExitStack() as stack:
        where = server.wait_for(r"netlab-metrics#info\] listening on (\S+)")[1]
        port = int(server.wait_for(r"netlab-echo#info\] listening on \S+:(\d+)")[1])
        workers = children(server.process.pid)
        for _ in range(10):
            client = stack.enter_context(connect(port))
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"

        def values(name: str) -> list[float]:
            page = urllib.request.urlopen(f"http://{where}/metrics", timeout=DEADLINE).read()
            return [
                float(line.split()[1])
                for line in page.decode().splitlines()
                if line.startswith(name)
            ]

        wait_until(
            lambda: values('netlab_bytes_total{direction="in",service="netlab-echo"}') == [50]
        )
        assert sum(values("netlab_worker_connections{")) == 10
        assert values('netlab_connected_total{service="netlab-echo"}') == [10]
        status = control(tmp_path, "status")
        assert re.search(r"netlab-echo +127.0.0.1:\d+ +10 +10 ", status), status
        assert all(f"process {worker} " in status for worker in workers)
        listed = control(tmp_path, "connections")
        assert (
            len(re.findall(r"^netlab-echo worker [01] +127.0.0.1:\d+ .* 5 +5$", listed, re.M)) == 10
        )
        [peer] = re.findall(r" (127.0.0.1:\d+) ", listed)[:1]
        assert control(tmp_path, "disconnect", peer) == "disconnected: 1\n"
        assert control(tmp_path, "disconnect", "127.0.0.1") == "disconnected: 9\n"
        assert "from level error" in control(tmp_path, "log-level", "error")
        assert "with --workers cannot be paused" in control(tmp_path, "pause", "echo")
        with connect(port) as client:
            assert "ends within 60 s" in control(tmp_path, "drain")
            wait_until(lambda: is_refused(port))
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
        assert server.wait() == 0
    assert "told to pause" not in "".join(server.lines)


def test_the_console_looks_like_that_of_one_process(tmp_path: Path) -> None:
    with Server(tmp_path, "netlab-echo", *LOCAL, "--workers", "2") as server:
        port = server.wait_for_port()
        with connect(port) as client:
            peer = f"127.0.0.1:{client.getsockname()[1]}"
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
        end = server.wait_for(r"client disconnected: .*")[0]
        assert server.stop() == 0
    assert [line for line in server.events() if "worker" not in line] == [
        f"server started: netlab-echo {__version__}",
        f"listening on 127.0.0.1:{port}",
        f"client connected: {peer}",
        f"received 5 bytes from {peer}",
        f"sent 5 bytes to {peer}",
        end,
        "server stopped",
    ]
    assert re.search(r"5 bytes out, \d\.\d s, closed by the client", end)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_worker_loses_only_its_clients_and_is_restarted(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO, "--log-level", "info") as server, ExitStack() as stack:
        workers = started(server)
        port = server.wait_for_port()
        clients = [stack.enter_context(connect(port)) for _ in range(100)]
        for client in clients:
            client.sendall(b"one")
            assert receive(client, 3) == b"one"
        victim = max(workers, key=lambda worker: len(sockets(worker)))
        theirs = len(sockets(victim)) - 1
        os.kill(victim, signal.SIGKILL)
        server.wait_for(rf"worker died: process {victim}, killed by signal 9; .* at once")
        [another] = started(server, 1)
        lost = 0
        for client in clients:
            try:
                client.sendall(b"two")
                lost += receive(client, 3) != b"two"
            except ConnectionError:
                lost += 1
        assert 0 < lost <= theirs
        assert server.stop() == 0
        wait_until_gone([*workers, another])


def test_pending_connections_outlive_all_workers(tmp_path: Path) -> None:
    with Server(tmp_path, "netlab-echo", *LOCAL, "--workers", "2") as server:
        workers = started(server, 2)
        port = server.wait_for_port()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        with ExitStack() as stack:
            clients = [stack.enter_context(connect(port)) for _ in range(20)]
            for client in clients:
                client.sendall(b"patience")
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            for client in clients:
                assert receive(client, 8) == b"patience"
        assert server.stop() == 0


def test_sigterm_delivers_all_pending_output(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO, "--log-level", "warn") as server, ExitStack() as stack:
        port = server.wait_for_port()
        clients = [stack.enter_context(connect(port)) for _ in range(40)]
        for client in clients:
            client.sendall(b"x" * 50_000)
            assert receive(client, 1) == b"x"
        server.process.terminate()
        for client in clients:
            rest = receive_all(client)
            assert rest == b"x" * len(rest)
        assert server.wait() == 0
        with pytest.raises(ConnectionRefusedError):
            connect(port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_process_group_stops_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = ("setsid", str(BIN / "twistd"), "-n", *ECHO)
    with Server(tmp_path, command=command) as server:
        workers = started(server)
        with connect(server.wait_for_port()) as client:
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
            os.killpg(server.process.pid, number)
            assert receive_all(client) == b""
            assert server.wait() == 0
        wait_until_gone(workers)
    assert server.events()[-1] == "server stopped"
    assert any("closed by the server" in line for line in server.lines)
    assert not any("Traceback" in line or "died" in line for line in server.lines), chr(10).join(
        server.lines
    )


def test_a_second_sigterm_aborts_the_drain(tmp_path: Path) -> None:
    # The peer stops reading, so the drain would outlast the test.
    with Server(tmp_path, *ECHO, "--drain", "600") as server:
        workers = started(server)
        with connect(port := server.wait_for_port()) as client:
            client.sendall(b"x")
            receive(client, 1)
            send_until_full(client)
            server.process.terminate()
            wait_until(lambda: refuses(port))
            assert server.process.poll() is None
            assert server.stop() == 0
        wait_until_gone(workers)


def test_killing_the_supervisor_leaves_no_workers(tmp_path: Path) -> None:
    log = ("--log-file", "events.log")
    with Server(tmp_path, *ECHO, *log) as server:
        port = server.wait_for_port()
        workers = children(server.process.pid)
        assert len(workers) == 2
        with connect(port) as client:
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
            server.process.kill()
            assert receive_all(client) == b""
        wait_until_gone(workers)
    assert "closed by the server" in (tmp_path / "events.log").read_text()
    assert not any("Traceback" in line for line in server.lines)


def test_sighup_reopens_the_log_of_all_processes(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO, "--log-file", "events.log") as server:
        port = server.wait_for_port()
        (tmp_path / "events.log").rename(tmp_path / "old.log")
        server.process.send_signal(signal.SIGHUP)
        processes = [server.process.pid, *children(server.process.pid)]
        wait_until(
            lambda: not any("old.log" in file for each in processes for file in files_of(each))
        )
        for _ in range(50):
            with connect(port) as client:
                client.sendall(b"x")
                assert receive(client, 1) == b"x"
        assert server.stop() == 0
    assert (tmp_path / "events.log").read_text().count("client connected") == 50
    assert "client connected" not in (tmp_path / "old.log").read_text()


def test_an_unreadable_certificate_does_not_stop_other_reloads(
    tmp_path: Path, certificate: Path
) -> None:
    (shown := tmp_path / "shown.pem").write_bytes(certificate.read_bytes())
    files = ("--tls", "--certificate", "shown.pem", "--key", "shown.pem", "--log-file", "its.log")
    with Server(tmp_path, *ECHO, *files) as server:
        server.wait_for_port()
        shown.unlink()
        shown.mkdir()
        (log := tmp_path / "its.log").rename(tmp_path / "old.log")
        server.process.send_signal(signal.SIGHUP)
        wait_until(log.exists)
        for _ in range(3):
            server.wait_for("the previous certificate stays in use: .*: it is not a file")
        processes = [server.process.pid, *children(server.process.pid)]
        wait_until(
            lambda: not any("old.log" in file for each in processes for file in files_of(each))
        )
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_does_not_kill_a_starting_worker(tmp_path: Path, number: signal.Signals) -> None:
    with Server(tmp_path, *ECHO) as server:
        workers = started(server)
        port = server.wait_for_port()
        for victim in workers:
            os.kill(victim, signal.SIGKILL)
        starting: set[int] = set()
        while len(starting) < 2:
            for worker in set(children(server.process.pid)) - {*workers, *starting}:
                starting.add(worker)
                os.kill(worker, number)
        if number != signal.SIGHUP:  # The workers start, and then end because of the signal.
            for _ in workers:
                server.wait_for("worker died: process .*, exit status 0;")
        with connect(port) as client:
            client.sendall(b"hello")
            assert receive(client, 5) == b"hello"
        if number == signal.SIGHUP:
            assert set(children(server.process.pid)) == starting
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_process_group_during_the_start_stops_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Server(tmp_path, command=("setsid", str(BIN / "twistd"), "-n", *ECHO)) as server:
        wait_until(lambda: children(server.process.pid))
        os.killpg(server.process.pid, number)
        assert server.wait() == 0
    assert server.events()[-1] == "server stopped"


def test_a_busy_supervisor_loses_no_event(tmp_path: Path) -> None:
    count = 1000
    with Server(tmp_path, *ECHO) as server, ExitStack() as stack:
        port = server.wait_for_port()
        clients = [stack.enter_context(connect(port)) for _ in range(15)]
        for _ in range(count):
            for client in clients:
                client.sendall(b"x")
            for client in clients:
                assert receive(client, 1) == b"x"
        assert server.stop() == 0
    told = server.events()
    assert sum(text.startswith(("received ", "sent ")) for text in told) == 2 * count * 15
    assert not any("were lost" in text for text in told)


def test_a_stopped_supervisor_does_not_block_workers(tmp_path: Path) -> None:
    count = 15_000
    with Server(tmp_path, *ECHO) as server:
        workers = started(server)
        with connect(server.wait_for_port()) as client:
            suspend(server.process.pid)
            for number in range(count):
                client.sendall(b"%05d" % number)
                assert receive(client, 5) == b"%05d" % number
            server.process.send_signal(signal.SIGCONT)
            lost = server.wait_for(
                r"(\d+) events of process (\d+) were lost, because its supervisor"
            )
            assert int(lost[2]) in workers
            client.sendall(b"final")
            assert receive(client, 5) == b"final"
        assert server.stop() == 0
    told = server.events()
    traffic = [text for text in told if text.startswith(("received ", "sent "))]
    assert all(re.fullmatch(r"(received|sent) 5 bytes (from|to) \S+:\d+", text) for text in traffic)
    assert len(traffic) + int(lost[1]) == 2 * (count + 1)
    place = next(number for number, text in enumerate(told) if "were lost" in text)
    assert sum(text in traffic for text in told[place:]) == 2
    assert any(re.search(r"second: \d+ (received|sent), ", text) for text in told)
    assert not any("Traceback" in text for text in server.lines)


def test_a_stopped_worker_releases_the_port_when_its_supervisor_is_killed(
    tmp_path: Path,
) -> None:
    with Server(tmp_path, *ECHO, "--log-file", "events.log") as server:
        port = server.wait_for_port()
        workers = children(server.process.pid)
        suspend(workers[0])
        server.process.kill()
        wait_until_gone(workers)
    again = ("netlab-echo", "--port", str(port), "--interface", "127.0.0.1", "--workers", "2")
    with Server(tmp_path, *again) as server:
        assert server.wait_for_port() == port
        assert server.stop() == 0


def test_a_worker_stopped_while_starting_does_not_keep_the_port(tmp_path: Path) -> None:
    with Server(tmp_path, *ECHO) as server:
        first, second = started(server)
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + DEADLINE
        while not (new := set(children(server.process.pid)) - {first, second}):
            assert time.monotonic() < deadline
        [starting] = new
        of_process = Path(f"/proc/{starting}")
        # It has executed Python and begun to import Twisted.
        while not (
            START in (of_process / "cmdline").read_text()
            and "zope" in (of_process / "maps").read_text()
        ):
            assert time.monotonic() < deadline
        suspend(starting)
        server.process.kill()
        wait_until_gone([second, starting])


@pytest.mark.parametrize("is_in_a_hurry", [False, True])
def test_a_stopped_worker_ends_cleanly(tmp_path: Path, is_in_a_hurry: bool) -> None:
    with Server(tmp_path, *ECHO, "--drain", "600") as server:
        workers = started(server)
        port = server.wait_for_port()
        suspend(workers[0])
        server.process.terminate()
        if is_in_a_hurry:
            wait_until(lambda: refuses(port))
            server.process.terminate()
        assert server.wait() == 0
    assert server.events()[-1] == "server stopped"


@pytest.mark.parametrize("count", ["1", "4"])
def test_a_start_error_is_one_line(tmp_path: Path, count: str) -> None:
    (tmp_path / "names").write_text("not a database, but long enough for one" * 99)
    ident = ("netlab-ident", *LOCAL, "--database", "names", "--workers", count)
    with Server(tmp_path, *ident) as server:
        assert server.wait() == 1
    [line] = server.events()
    assert line.startswith("netlab-ident: cannot use ")
    assert not any("Traceback" in line for line in server.lines)


def test_a_daemon_reports_whether_its_workers_started(tmp_path: Path) -> None:
    def daemon(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "twistd", *arguments],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )

    (tmp_path / "names").write_text("not a database, but long enough for one" * 99)
    failed = daemon("netlab-ident", *LOCAL, "--database", "names", "--workers", "2")
    assert failed.returncode == 1
    assert failed.stderr.count("netlab-ident: cannot use ") == 1
    begun = daemon("--logfile", "its.log", *ECHO)
    process = int((tmp_path / "twistd.pid").read_text())
    try:
        assert begun.returncode == 0
        port = re.fullmatch(r"listening on 127.0.0.1:(\d+)\n", begun.stderr)
        assert port
        with connect(int(port[1])) as client:
            client.sendall(b"hi")
            assert receive(client, 2) == b"hi"
    finally:
        os.kill(process, signal.SIGTERM)
        wait_until_gone([process])
    log = (tmp_path / "its.log").read_text()
    assert log.count("received 2 bytes") == log.count("server stopped") == 1
    wait_until_gone(int(number) for number in re.findall(r"started: process (\d+)", log))


def greeted(port: int, host: str, name: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), DEADLINE, (host, 0))
    client.sendall(f"{name}\n".encode())
    return client


def test_100_simultaneous_names_are_all_stored(tmp_path: Path) -> None:
    ident = ("netlab-ident", "--port", "0", "--interface", "0.0.0.0", "--workers", "2")
    hosts = [f"127.0.1.{number}" for number in range(1, 101)]
    with Server(tmp_path, *ident, "--log-level", "warn") as server, ExitStack() as stack:
        port = server.wait_for_port()
        clients = [stack.enter_context(greeted(port, host, f"I {host}")) for host in hosts]
        for host, client in zip(hosts, clients, strict=True):
            assert receive_all(client).decode() == f"What's your name?\nHello, I {host}\n"
        for host in hosts:
            with socket.create_connection(("127.0.0.1", port), DEADLINE, (host, 0)) as client:
                assert receive_all(client).decode() == f"Hello, I {host}\n"
        assert server.stop() == 0


def test_guesses_are_counted_across_workers(tmp_path: Path) -> None:
    auth = ("netlab-auth", *LOCAL, "--workers", "2")
    with Server(tmp_path, *auth) as server, ExitStack() as stack:
        port = server.wait_for_port()
        with connect(port) as client:
            client.sendall(b"ann\ncorrect horse battery\ncorrect horse battery\n")
            client.shutdown(socket.SHUT_WR)
            assert "Hello, ann" in receive_all(client).decode()
        guessers = [stack.enter_context(connect(port)) for _ in range(4)]
        for guesser in guessers:
            guesser.sendall(b"ann\nwrong horse battery\n")
        for _ in guessers:
            server.wait_for("login failed")
        assert server.stop() == 0
    with closing(sqlite3.connect(tmp_path / "netlab.sqlite3")) as database:
        counts = database.execute(
            "SELECT count FROM failures WHERE subject <> 'registrations'"
        ).fetchall()
    assert counts == [(4,), (4,)]  # for the network, and for the account in it
