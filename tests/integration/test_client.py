"""The client as a real process, in a pipe and on a pseudo-terminal."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import CLIENT, Terminal, client_at, run, scripted_server
from tests.processes import DEADLINE, ENVIRONMENT, Server


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with Server(tmp_path_factory.mktemp("server"), "netlab-echo", "--port", "0") as server:
        yield server.wait_for_port()


def test_lines_are_sent_until_exit(port: int) -> None:
    end = run("--port", str(port), typed=b"a\nb\nexit\nc\n")
    assert (end.returncode, end.stdout) == (0, b"a\nb\n")
    events = end.stderr.decode().splitlines()
    assert events[0].startswith(f"connected to 127.0.0.1:{port} from 127.0.0.1:")
    assert events[1] == f"sent 4 bytes to 127.0.0.1:{port}"
    assert events[2] == f"received 4 bytes from 127.0.0.1:{port}"
    assert events[3].endswith("closed by the client")
    assert len(events) == 4


def test_end_of_input_ends_the_client(port: int) -> None:
    end = run("echo", "--quiet", "--port", str(port), typed=b"no newline")
    assert (end.returncode, end.stdout, end.stderr) == (0, b"no newline", b"")


def test_files_can_be_input_and_output(port: int, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)) * 5000)
    with source.open("rb") as stdin, target.open("wb") as stdout:
        subprocess.run(
            [*CLIENT, "-q", "--port", str(port)],
            stdin=stdin,
            stdout=stdout,
            env=ENVIRONMENT,
            timeout=DEADLINE,
            check=True,
        )
    assert target.read_bytes() == source.read_bytes()


def test_a_closed_output_pipe_ends_the_client_silently(port: int) -> None:
    command = f"seq 100000 | {shlex.join(CLIENT)} -q --port {port} | head -n 2"
    said = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, env=ENVIRONMENT, timeout=DEADLINE
    )
    assert (said.stdout, said.stderr) == (b"1\n2\n", b"")


def test_a_pipe_takes_little_memory(port: int) -> None:
    # The process reports its own peak at its end: once after little input, once after 20 MB.
    program = (
        "import sys; from twisted_lab.client import __main__\n"
        "try: __main__.main()\n"
        "finally: sys.stderr.write(open('/proc/self/status').read())\n"
    )
    peaks = []
    for size in (1000, 20_000_000):
        end = subprocess.run(
            [sys.executable, "-c", program, "-q", "--port", str(port)],
            input=b"x" * size,
            capture_output=True,
            env=ENVIRONMENT,
            timeout=DEADLINE,
            check=True,
        )
        assert len(end.stdout) == size
        peaks.append(int(end.stderr.split(b"VmHWM:")[1].split()[0]))
    assert peaks[1] - peaks[0] < 10_000, "KiB"


def test_closed_standard_descriptors_are_tolerated(port: int) -> None:
    client = shlex.join(CLIENT)
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        end = subprocess.run(
            ["/bin/sh", "-c", f"echo hello | {client} --port {port} {closed}"],
            capture_output=True,
            env=ENVIRONMENT,
            timeout=DEADLINE,
        )
        assert b"Traceback" not in end.stderr
        if ">&-" in closed.split():
            assert (end.returncode, end.stdout) == (1, b"")
            assert end.stderr.count(b"standard output is closed") == (closed == ">&-")
        else:
            assert (end.returncode, end.stdout) == (0, b"hello\n" if closed == "2>&-" else b"")


def test_a_full_disk_is_an_error(port: int) -> None:
    with open("/dev/full", "wb") as full:
        end = subprocess.run(
            [*CLIENT, "-q", "--port", str(port)],
            input=b"a\n",
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=DEADLINE,
        )
    assert end.returncode == 1
    assert end.stderr == b"standard output cannot be written; is the disk full?\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_client_with_its_status(port: int, number: int) -> None:
    client = subprocess.Popen(
        [*CLIENT, "-q", "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(b"hello\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"hello\n"
    client.send_signal(number)
    _, said = client.communicate(timeout=DEADLINE)
    assert (client.returncode, said) == (128 + number, b"")


def test_a_refused_connection_is_one_line(unused_port: int) -> None:
    end = run("--port", str(unused_port))
    assert end.returncode == 1
    assert end.stderr.decode() == (
        f"could not connect to localhost:{unused_port}: connection refused; does your server run "
        "there, on this port?\n"
    )


def test_wrong_usage_gives_one_line() -> None:
    end = run("--port", "many")
    assert end.returncode == 2
    assert end.stderr.count(b"\n") == 1


def test_an_early_close_by_the_server_is_an_error() -> None:
    with scripted_server(lambda connection: connection.close()) as port:
        # The input stays open, so the client does not end first.
        client = subprocess.Popen(
            [*CLIENT, "--quiet", "--port", str(port)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        assert client.stderr is not None
        line = client.stderr.readline()
        assert client.wait(DEADLINE) == 1
        client.communicate()
    assert line.startswith(b"127.0.0.1:%d hung up early: closed by the server; " % port)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"CONNECT\nerror: message of 6 bytes is over the limit of 5\n", b""),
        (b"\0\0\0\7CONNECT\0\0\0\12error: too", b"this looks like int32: try --framing int32\n"),
    ],
)
def test_a_final_error_of_the_server_gives_status_1(said: bytes, told: bytes) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(said)
        while connection.recv(1024):
            pass

    with scripted_server(script) as port:
        end = run("broadcast", "--quiet", "--port", str(port), typed=b"hello!\n")
    assert (end.returncode, end.stderr) == (1, told)


def test_a_silent_server_is_reported_as_such() -> None:
    def script(connection: socket.socket) -> None:
        while connection.recv(1024):
            pass

    with scripted_server(script) as port:
        end = run("ident", "--quiet", "--port", str(port))
    assert end.returncode == 1
    assert end.stderr.decode() == (
        f"127.0.0.1:{port}: nothing received: the server may be slow, run another service, or use "
        "another framing; if it uses TLS, try --tls\n"
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (b"x" * 70_000, b"not sent: message of 70000 bytes is over the limit of 65536\n"),
        (b"Anna", b"you left before the server let you in\n"),
    ],
)
def test_the_last_line_refers_to_the_servers_reply(typed: bytes, told: bytes) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"What's your name?\n")
        while connection.recv(1024):
            pass

    with scripted_server(script) as port:
        end = run("ident", "--quiet", "--port", str(port), typed=typed + b"\n")
    assert (end.returncode, end.stderr) == (1, told)


def test_the_client_asks_for_host_and_port_on_a_terminal(port: int) -> None:
    terminal = Terminal(*CLIENT)
    terminal.see(r"Host \[localhost\]:")
    terminal.type("no host\r")
    terminal.see("a host is a name or an IP address, .*")
    terminal.type("\r")
    terminal.see(r"Port \[9090\]:")
    terminal.type(f"{port}\r")
    terminal.see(f"connected to 127.0.0.1:{port} from .*")
    terminal.see(">")
    terminal.type("привет\r")
    terminal.see("received 13 bytes from .*")
    terminal.see("привет")
    terminal.type("exit\r")
    assert terminal.end() == 0
    assert terminal.lines[-1].endswith("closed by the client")


def test_control_d_and_control_c_end_the_client(port: int) -> None:
    for key, status in (("\x04", 0), ("\x03", 130)):
        terminal = client_at(port)
        terminal.see(">")
        terminal.type(key)
        assert terminal.end() == status
        assert not any("Traceback" in line for line in terminal.lines)


def test_control_z_suspends_the_client(port: int) -> None:
    client = shlex.join([*CLIENT, "--host", "127.0.0.1", "--port", str(port)])
    script = f"{client}; echo suspended: $?; read line; fg; echo ended: $?"
    shell = Terminal("/bin/sh", "-mc", script)
    shell.see(">")
    shell.type("\x1a")
    shell.see("suspended: 148")
    shell.type("\r")
    shell.see(">")
    shell.type("hello\r")
    shell.see("hello")
    shell.type("\x04")
    shell.see("ended: 0")


def test_control_d_at_a_prompt_quits() -> None:
    terminal = Terminal(*CLIENT)
    terminal.see(r"Host \[localhost\]:")
    terminal.type("\x04")
    assert terminal.end() == 1
    assert terminal.lines == ["Host [localhost]:"]


def test_output_does_not_garble_a_line_being_typed() -> None:
    typed = threading.Event()

    def script(connection: socket.socket) -> None:
        typed.wait(DEADLINE)
        connection.sendall(b"an answer\n")
        assert connection.recv(1024) == b"half a line, and the rest\n"

    with scripted_server(script) as port:
        terminal = client_at(port)
        terminal.see(">")
        terminal.type("half a line")
        terminal.see("> half a line")
        typed.set()
        terminal.see("an answer")
        terminal.see("> half a line")
        terminal.type(", and the rest\r")
        terminal.see("> half a line, and the rest")
        terminal.see(".* hung up early: closed by the server; .*")
        assert terminal.end() == 1


def test_escape_sequences_from_a_server_are_shown_not_executed() -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"\x1b]0;owned\x07\x1b[2Jhello\r\nno end of line")
        while connection.recv(1024):
            pass

    with scripted_server(script) as port:
        terminal = client_at(port)
        terminal.see(re.escape(r"\x1b]0;owned\x07\x1b[2Jhello\r"))
        terminal.see("no end of line")
        terminal.see(">")
        terminal.type("exit\r")
        assert terminal.end() == 0


def test_escape_sequences_are_shown_when_only_output_is_a_terminal(port: int) -> None:
    client = shlex.join(CLIENT)
    terminal = Terminal("/bin/sh", "-c", rf"printf 'a\033[2Jb\n' | {client} -q --port {port}")
    terminal.see(re.escape(r"a\x1b[2Jb"))
    assert terminal.end() == 0
