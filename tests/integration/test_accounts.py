"""netlab-ident and netlab-auth as real processes, with scripts and users as clients."""

from __future__ import annotations

import base64
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients import CLIENT, Terminal, run
from tests.processes import (
    BIN,
    DEADLINE,
    ENVIRONMENT,
    ROOT,
    Server,
    connect,
    receive_all,
)

PASSWORD = "correct horse battery"


def ident(directory: Path, *arguments: str) -> Server:
    return Server(directory, "netlab-ident", "--port", "0", "--interface", "127.0.0.1", *arguments)


def auth(directory: Path, *arguments: str) -> Server:
    return Server(directory, "netlab-auth", "--port", "0", "--interface", "127.0.0.1", *arguments)


def accounts(directory: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twisted_lab.accounts", *arguments],
        cwd=directory,
        input=typed,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=DEADLINE,
        check=False,
    )


def talk(port: int, *lines: str) -> list[str]:
    """Send `lines`, and return all lines of the server."""
    with connect(port) as client:
        client.sendall("".join(f"{line}\n" for line in lines).encode())
        client.shutdown(socket.SHUT_WR)
        return receive_all(client).decode().splitlines()


def greeting(port: int, name: str, end: str, source: str = "127.0.0.1") -> list[str]:
    """Act as a student's script without newlines; return the result of each recv()."""
    heard = []
    with socket.create_connection(("127.0.0.1", port), DEADLINE, (source, 0)) as client:
        heard.append(client.recv(1024).decode())
        if heard[0] == f"What's your name?{end}":
            client.send(name.encode())
            heard.append(client.recv(1024).decode())
        assert client.recv(1024) == b""
    return heard


@pytest.mark.parametrize(("newline", "end"), [("lf", "\n"), ("none", "")])
def test_a_name_is_remembered_across_restarts(tmp_path: Path, newline: str, end: str) -> None:
    with ident(tmp_path, "--newline", newline) as server:
        port = server.wait_for_port()
        assert greeting(port, "Анна", end) == [f"What's your name?{end}", f"Hello, Анна{end}"]
        assert greeting(port, "?", end) == [f"Hello, Анна{end}"]
        assert greeting(port, "Boris", end, "127.0.0.2")[1] == f"Hello, Boris{end}"
        assert server.stop() == 0
    with ident(tmp_path, "--newline", newline) as server:
        assert greeting(server.wait_for_port(), "?", end) == [f"Hello, Анна{end}"]
    assert (tmp_path / "netlab.sqlite3").stat().st_mode & 0o777 == 0o600


def test_clients_behind_a_proxy_are_identified(tmp_path: Path) -> None:
    with ident(tmp_path, "--proxy-protocol") as server:
        port = server.wait_for_port()
        header = "PROXY TCP6 ::ffff:10.1.2.3 ::1 5647 9092\r"
        assert talk(port, header, "Anna") == ["What's your name?", "Hello, Anna"]
        assert talk(port, "PROXY TCP4 10.1.2.3 127.0.0.1 5647 9092\r") == ["Hello, Anna"]
        with connect(port) as direct:
            direct.sendall(b"Boris is my name\n")
            with pytest.raises(ConnectionResetError):
                direct.recv(1024)
        server.wait_for("disconnecting .*: no valid PROXY header")


def test_new_names_are_rate_limited_per_network(tmp_path: Path) -> None:
    with ident(tmp_path, "--proxy-protocol") as server:
        port = server.wait_for_port()

        def introduce(host: str) -> str:
            return talk(port, f"PROXY TCP6 {host} ::1 5647 9092\r", "Anna")[-1]

        said = [introduce(f"2001:db8::{number:x}") for number in range(100)]
        assert said[:60] == ["Hello, Anna"] * 60
        assert said[-1] == "error: too many new names from your network; try again in 1 s"
        assert introduce("2001:db8::1") == introduce("2001:db8:0:1::1") == "Hello, Anna"
        server.wait_for(r"disconnecting \[2001:db8::63\]:5647: too many new names")


def test_two_services_create_and_share_one_database(tmp_path: Path) -> None:
    with ident(tmp_path) as names, auth(tmp_path) as logins:
        assert talk(names.wait_for_port(), "Anna")[1] == "Hello, Anna"
        assert talk(logins.wait_for_port(), "anna", PASSWORD, PASSWORD)[3] == "Hello, anna"
        listed = accounts(tmp_path, "list").stdout.splitlines()
        assert [line.split()[:2] for line in listed] == [
            ["account", "anna"],
            ["address", "127.0.0.1"],
            ["address", "127.0.0.1,"],  # where an account was opened
        ]


def test_nothing_is_acknowledged_that_cannot_be_stored(tmp_path: Path) -> None:
    with ident(tmp_path) as server:
        port = server.wait_for_port()
        assert talk(port, "Anna")[1] == "Hello, Anna"
        # No file can be written any more, as on a full disk.
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        assert greeting(port, "Boris", "\n", "127.0.0.2")[1] == "error: cannot store the data now\n"
        server.wait_for(r"cannot use the database \S+: .*; clients get an error until it works")
        assert greeting(port, "", "\n") == ["Hello, Anna\n"]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert greeting(port, "Vera", "\n", "127.0.0.2")[1] == "Hello, Vera\n"
        assert server.stop() == 0


@pytest.mark.parametrize("content", [b"not a database" * 1000, b"SQLite format 3\0" * 1000])
def test_a_file_of_another_kind_is_refused_with_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "netlab.sqlite3"
    path.write_bytes(content)
    with ident(tmp_path) as server:
        assert server.wait() == 1
    [line] = server.events()
    assert "netlab-ident: cannot use " in line
    assert not any("Traceback" in line for line in server.lines)
    assert path.read_bytes() == content


def test_a_daemon_finds_its_database(tmp_path: Path) -> None:
    command = [str(BIN / "twistd"), "--rundir", "/", "--pidfile", str(tmp_path / "pid")]
    arguments = ["netlab-ident", "--port", "0", "--database", "names.sqlite3"]
    log = ["--logfile", str(tmp_path / "log")]
    end = subprocess.run(
        [*command, *log, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=DEADLINE,
    )
    assert end.returncode == 0, end.stderr
    port = int(end.stderr.rpartition(":")[2])
    try:
        assert talk(port, "Anna")[1] == "Hello, Anna"
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert (tmp_path / "names.sqlite3").exists()


@pytest.mark.parametrize("count", [8, pytest.param(100, marks=pytest.mark.long)])
def test_logins_leave_no_secret_behind(tmp_path: Path, count: int) -> None:
    secrets: list[str] = []

    def visit(number: int) -> None:
        name, password = f"user{number}", f"Pässwörd-{number}-{number * 7919}"
        token = talk(port, name, password, password)[4].split()[1]
        again = talk(port, name, password, "sessions")[3].split()[1]
        assert talk(port, token, "logout")[1] == f"Welcome back, {name}"
        secrets.extend([password, token, again])

    arguments = ("--log-level", "debug", "--log-file", "events.log", "--log-format", "json")
    with auth(tmp_path, *arguments) as server:
        port = server.wait_for_port()
        with ThreadPoolExecutor(8) as people:
            list(people.map(visit, range(count)))
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert server.stop() == 0
    kept += b"".join(path.read_bytes() for path in tmp_path.iterdir())
    kept += "\n".join(server.lines).encode()
    assert kept.count(b"user7") > 2
    assert len(secrets) == 3 * count
    for secret in secrets:
        raw = secret.encode()
        bare = raw.removeprefix(b"nlt_")
        forms = {raw, bare, raw.hex().encode(), bare.hex().encode(), raw.hex().upper().encode()}
        forms |= {base64.b64encode(form).rstrip(b"=") for form in (raw, bare)}
        forms.add(base64.urlsafe_b64decode(bare + b"=") if secret.startswith("nlt_") else raw)
        for form in forms:
            assert form not in kept


def test_the_operator_manages_accounts_while_services_run(tmp_path: Path) -> None:
    with auth(tmp_path, "--registration", "closed") as server:
        port = server.wait_for_port()
        assert (
            accounts(tmp_path, "add", "anna", typed=f"{PASSWORD}\n").stdout
            == "netlab.sqlite3: added anna\n"
        )
        token = talk(port, "anna", PASSWORD)[3].split()[1]
        listed = accounts(tmp_path, "sessions").stdout
        assert accounts(tmp_path, "revoke", listed.split()[0]).returncode == 0
        assert talk(port, token)[1] == "Wrong name, password or token."
        accounts(tmp_path, "passwd", "anna", typed="another password\n")
        assert talk(port, "anna", "another password")[2] == "Hello, anna"
        assert accounts(tmp_path, "clear", typed="\n").stderr.endswith("command does not ask)\n")
        assert accounts(tmp_path, "clear", typed="yes\n").stdout.endswith("messages stay\n")
        assert accounts(tmp_path, "list").stdout == ""


def test_our_client_logs_in_from_a_pipe(tmp_path: Path) -> None:
    with auth(tmp_path) as server:
        port = str(server.wait_for_port())
        arguments = ("auth", "--quiet", "--port", port, "--token-file", str(tmp_path / "tokens"))
        typed = f"anna\n{PASSWORD}\n{PASSWORD}\nwhoami\n".encode()
        end = run(*arguments, typed=typed)
        assert (end.returncode, end.stderr) == (0, b"")
        assert end.stdout.decode().splitlines()[-1] == "anna"
        # The next login uses the token.
        end = run(*arguments, typed=b"whoami\nlogout\n")
        assert end.stdout.decode().splitlines() == [
            "Name or token?",
            "Welcome back, anna",
            "anna",
            "Goodbye, anna",
        ]
        assert end.returncode == 0
        # The client reports an invalid token, and does not send a command as a name.
        run(*arguments, typed=f"anna\n{PASSWORD}\n".encode())
        assert accounts(tmp_path, "revoke", "anna").returncode == 0
        end = run(*arguments, typed=b"whoami\n")
        assert end.returncode == 1
        assert b"New name" not in end.stdout
        assert end.stderr.startswith(b"the stored token was refused"), end.stderr
        end = run(*arguments, typed=b"anna\nwrong\n")
        assert end.returncode == 1
        assert end.stdout.decode().splitlines()[2] == "Wrong name, password or token."


def test_our_client_is_greeted(tmp_path: Path) -> None:
    with ident(tmp_path) as server:
        port = str(server.wait_for_port())
        end = run("ident", "--quiet", "--port", port)
        assert (end.returncode, end.stdout) == (1, b"What's your name?\n")
        end = run("ident", "--quiet", "--port", port, typed="Анна\n".encode())
        assert (end.returncode, end.stdout.decode()) == (0, "What's your name?\nHello, Анна\n")
        end = run("ident", "--quiet", "--port", port)
        assert (end.returncode, end.stdout.decode(), end.stderr) == (0, "Hello, Анна\n", b"")


def test_passwords_do_not_appear_on_the_screen(tmp_path: Path) -> None:
    with auth(tmp_path) as server:
        port = str(server.wait_for_port())
        arguments = ("auth", "--host", "127.0.0.1", "--port", port)
        tokens = ("--token-file", str(tmp_path / "tokens"))
        terminal = Terminal(*CLIENT, *arguments, *tokens)
        terminal.see(r"Name or token\?")
        terminal.type("anna\r")
        terminal.see("New name. Choose a password:")
        terminal.type(PASSWORD + "\r")
        terminal.see("Repeat the password:")
        terminal.type(PASSWORD)
        terminal.type("\r")
        terminal.see("Hello, anna")
        terminal.see(r"Token stored in .*")
        # The history does not contain it: "up" recalls the line before it.
        terminal.type("whoami\r")
        terminal.see("anna")
        terminal.type("\x1b[A\x1b[A")
        terminal.see("> anna")
        terminal.type("\x15exit\r")
        assert terminal.end() == 0
        assert terminal.raw.count("anna") > 2
        assert PASSWORD not in terminal.raw
        assert PASSWORD[:8] not in terminal.raw
        assert "*" not in terminal.raw
        assert "nlt_" not in terminal.raw

        terminal = Terminal(*CLIENT, *arguments, *tokens)
        terminal.see("Welcome back, anna")
        terminal.type("logout\r")
        assert terminal.end() == 0

        terminal = Terminal(*CLIENT, *arguments, *tokens)
        terminal.see(r"Name or token\?")
        terminal.type("\r")  # which would end the conversation
        terminal.see(r"\(type an answer, or exit to leave\)")
        terminal.type("exit\r")
        terminal.see("you left before the server let you in")


def test_a_delayed_login_is_said_to_wait(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        arguments = ("auth", "--no-token", "--host", host, "--port", str(port))
        terminal = Terminal(*CLIENT, *arguments)
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"Name or token?\n")
            terminal.see(r"Name or token\?")
            terminal.type("anna\r")
            assert connection.recv(100) == b"anna\n"
            connection.sendall(b"Password?\n")
            terminal.see(r"Password\?")
            terminal.type(PASSWORD + "\r")
            terminal.see(r"\(no answer yet: .* as your next answer\)")
            connection.sendall(b"Hello, anna\n")
            terminal.see("Hello, anna")
        terminal.end()


WEB_SERVER = """
import sys
from twisted.cred.portal import IRealm
from twisted.internet import reactor
from twisted.web.resource import IResource
from twisted.web.server import Site
from twisted.web.static import Data
from zope.interface import implementer

@implementer(IRealm)
class Pages:
    def requestAvatar(self, avatar_id, mind, *interfaces):
        page = Data(b"hello, " + avatar_id, "text/plain")
        page.isLeaf = True
        return IResource, page, lambda: None

port = reactor.listenTCP(0, Site(guarded(reactor, Pages(), sys.argv[1])), interface="127.0.0.1")
print(f"listening on 127.0.0.1:{port.getHost().port}", flush=True)
reactor.run()
"""


def test_the_documented_web_server_knows_the_accounts(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "accounts.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    accounts(tmp_path, "add", "Анна", typed=f"{PASSWORD}\n")
    program = (sys.executable, "-c", code + WEB_SERVER, "netlab.sqlite3")
    with Server(tmp_path, command=program) as server:
        port = server.wait_for_port()
        secret = base64.b64encode(f"Анна:{PASSWORD}".encode()).decode()
        for authorization, status in ((secret, b"200"), (secret[:8], b"401")):
            with connect(port) as client:
                request = f"GET / HTTP/1.0\r\nAuthorization: Basic {authorization}\r\n\r\n"
                client.sendall(request.encode())
                answer = receive_all(client)
            assert answer.split()[1] == status, answer
            assert ("hello, Анна".encode() in answer) == (status == b"200")
        server.stop()
    assert not any("Traceback" in line for line in server.lines)
