"""Passwords and tokens on simple terminals, and after signals."""

from __future__ import annotations

import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.clients import CLIENT, Terminal, scripted_server
from tests.processes import DEADLINE, Server, wait_until

PASSWORD = "correct horse battery"
TERMS = ("dumb", "unknown", "no-such-terminal", "")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    directory = tmp_path_factory.mktemp("auth")
    with Server(directory, "netlab-auth", "--port", "0", "--interface", "127.0.0.1") as server:
        yield server.wait_for_port()


def asks_for_a_password(connection: socket.socket) -> None:
    connection.sendall(b"Password?\n")
    connection.settimeout(DEADLINE)
    with suppress(ConnectionResetError):
        while connection.recv(1024):
            pass


def refuses_a_password(connection: socket.socket) -> None:
    connection.settimeout(DEADLINE)
    with suppress(ConnectionResetError):
        for said in (b"Name or token?\n", b"Password?\n"):
            connection.sendall(said)
            connection.recv(1024)
        connection.sendall(b"Wrong name, password or token.\nName or token?\n")
        while connection.recv(1024):
            pass


def auth(port: int, tokens: Path, *more: str) -> tuple[str, ...]:
    where = ("--host", "127.0.0.1", "--port", str(port), "--token-file", str(tokens))
    return (*CLIENT, "auth", *where, *more)


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_a_password_that_answers_the_question_for_a_name_is_not_shown(
    tmp_path: Path, term: str
) -> None:
    with scripted_server(refuses_a_password) as port:
        terminal = Terminal(*auth(port, tmp_path / "tokens"), term=term)
        terminal.see(r".*Name or token\?")
        terminal.type("anna\r")
        terminal.see(r".*Password\?")
        terminal.type("a guess\r")
        terminal.see(r".*Name or token\? \(your name first; .*")
        terminal.type(f"{PASSWORD}\r")
        terminal.see(f".*sent {len(PASSWORD) + 1} bytes .*")
        terminal.type("\x04")
        terminal.end()
    assert "horse" not in terminal.raw


@pytest.mark.parametrize("number", range(len(TERMS)))
def test_a_password_is_not_shown(port: int, tmp_path: Path, number: int) -> None:
    terminal = Terminal(*auth(port, tmp_path / "tokens"), term=TERMS[number])
    terminal.see(r"(> )?Name or token\?")
    terminal.type(f"anna{number}\r")
    terminal.see(".*Choose a password:")
    wait_until(lambda: not terminal.echoes)
    terminal.type(f"{PASSWORD}\r")
    terminal.see(".*Repeat the password:")
    terminal.type(f"{PASSWORD}\r")
    terminal.see(f".*Hello, anna{number}")
    terminal.see(".*Token stored in .*")
    terminal.type("whoami\r")
    terminal.see(".*whoami")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert "horse" not in terminal.raw
    assert "nlt_" not in terminal.raw
    assert terminal.echoes


def hears_before_it_asks(connection: socket.socket) -> None:
    with connection.makefile("rb") as lines:
        lines.readline()
        lines.readline()
    connection.sendall(b"Name or token?\nPassword?\nHello, eve\n")
    asks_for_a_password(connection)


@pytest.mark.parametrize(
    ("term", "typed"),
    [
        ("dumb", f"eve\n{PASSWORD}\n"),
        ("xterm", f"eve\r{PASSWORD}\r"),
        ("xterm", f"\x1b[200~eve\n{PASSWORD}\x1b[201~\r"),
    ],
)
def test_a_password_typed_or_pasted_ahead_is_not_shown(
    tmp_path: Path, term: str, typed: str
) -> None:
    with scripted_server(hears_before_it_asks) as port:
        terminal = Terminal(*auth(port, tmp_path / "tokens"), term=term)
        terminal.see(">")
        terminal.type(typed)
        terminal.see(".*Hello, eve")
        terminal.type("\x04")
        terminal.end()
        assert "horse" not in terminal.raw
        assert "eve\r\n" in terminal.raw
        assert terminal.echoes


def test_a_password_is_not_shown_when_output_goes_to_a_pipe(tmp_path: Path) -> None:
    with scripted_server(asks_for_a_password) as port:
        client = shlex.join(auth(port, tmp_path / "tokens"))
        terminal = Terminal("/bin/sh", "-c", f"{client} | cat")
        terminal.see(r"Password\?")
        wait_until(lambda: not terminal.echoes)
        terminal.type(f"{PASSWORD}\r")
        terminal.see("sent 22 bytes to .*")
        terminal.type("\x04")
        terminal.end()
        assert "horse" not in terminal.raw
        assert terminal.echoes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_the_terminal_echoes_again_after_a_signal(tmp_path: Path, number: int) -> None:
    with scripted_server(asks_for_a_password) as port:
        terminal = Terminal(*auth(port, tmp_path / "tokens"), term="dumb")
        terminal.see(r".*Password\?")
        wait_until(lambda: not terminal.echoes)
        terminal.child.kill(number)
        assert terminal.end() == 128 + number
        assert terminal.echoes


def test_the_terminal_echoes_while_the_client_is_suspended(tmp_path: Path) -> None:
    with scripted_server(asks_for_a_password) as port:
        client = shlex.join(auth(port, tmp_path / "tokens"))
        script = f"{client}; echo suspended: $?; read line; fg; echo ended: $?"
        terminal = Terminal("/bin/sh", "-mc", script, term="dumb")
        terminal.see(r".*Password\?")
        wait_until(lambda: not terminal.echoes)
        terminal.type("\x1a")
        terminal.see("suspended: 148")
        assert terminal.echoes
        terminal.type("\r")
        wait_until(lambda: not terminal.echoes)
        terminal.type("\x03")
        terminal.see("ended: 130")
        assert terminal.echoes
        terminal.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_the_accounts_command_restores_the_echo(tmp_path: Path, number: int) -> None:
    database = str(tmp_path / "netlab.sqlite3")
    terminal = Terminal(
        sys.executable, "-m", "twisted_lab.accounts", "--database", database, "add", "anna"
    )
    terminal.see("New password:")
    wait_until(lambda: not terminal.echoes)
    terminal.child.kill(number)
    assert terminal.end() == 128 + number
    assert terminal.echoes
