"""The client over TLS, in a pipe, with real servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from tests.doubles.certificates import self_signed
from tests.processes import DEADLINE, ENVIRONMENT, NETLAB, Server, ports


def client(directory: Path, typed: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "twisted_lab.client", *arguments, "--quiet"],
        input=typed,
        cwd=directory,
        env={**ENVIRONMENT, "XDG_STATE_HOME": str(directory)},
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )


FIRST_USE = ("--tls", "--first-use")


def test_all_services_work_over_tls(tmp_path: Path) -> None:
    with Server(tmp_path, *NETLAB, "--tls") as server:
        at = ports(server)
        large = bytes(range(256)) * 4000
        for name, typed, said in (
            ("echo", large, large),
            (
                "messages",
                b"a\nb\nexit\n",
                b"Message 1:\nYour message: A\nMessage 2:\nYour message: B\nMessage 3:\n",
            ),
            ("ident", b"Anna", b"What's your name?\nHello, Anna\n"),
            (
                "auth",
                b"alice\ncorrect horse\ncorrect horse\nwhoami\n",
                b"Name or token?\nNew name. Choose a password:\nRepeat the password:\n"
                b"Hello, alice\nToken: nlt_",
            ),
            ("auth", b"whoami\n", b"Name or token?\nWelcome back, alice\nalice\n"),
            ("broadcast", b"hi", b"CONNECT\nMessage from client ('127.0.0.1', "),
        ):
            done = client(tmp_path, typed, name, "--port", str(at[name]), *FIRST_USE)
            assert done.returncode == 0, (name, done.stderr)
            assert done.stdout.startswith(said), name
        assert server.stop() == 0


def test_another_certificate_than_before_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "server.pem"
    arguments = ("netlab-echo", "--interface", "127.0.0.1", "--tls", "--certificate", str(path))
    path.write_bytes(self_signed())
    with Server(tmp_path, *arguments, "--port", "0") as server:
        port = str(server.wait_for_port())
        first = client(tmp_path, b"hello\n", "--port", port, *FIRST_USE)
        assert (first.returncode, first.stdout) == (0, b"hello\n")
        assert b"kept the certificate of localhost:" in first.stderr
        assert client(tmp_path, b"hello\n", "--port", port, *FIRST_USE).stderr == b""
        assert server.stop() == 0
    path.write_bytes(self_signed())
    with Server(tmp_path, *arguments, "--port", port) as server:
        server.wait_for_port()
        other = client(tmp_path, b"secret\n", "--port", port, *FIRST_USE)
        assert (other.returncode, other.stdout) == (1, b"")
        assert b"shows another certificate than before" in other.stderr
        assert other.stderr.count(b"\n") == 1
        said = server.wait_for("client disconnected.*")[0]
        assert " 0 bytes in," in said
        assert server.stop() == 0


def test_a_certificate_of_a_trusted_authority_is_accepted(tmp_path: Path) -> None:
    arguments = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1", "--tls")
    with Server(tmp_path, *arguments) as server:
        port = str(server.wait_for_port())
        for host in ("localhost", "127.0.0.1"):
            known = client(
                tmp_path, b"hello\n", "--port", port, "--tls", "--ca", "netlab.pem", "--host", host
            )
            assert (known.returncode, known.stdout) == (0, b"hello\n"), known.stderr
        unknown = client(tmp_path, b"hello\n", "--port", port, "--tls")
        assert (unknown.returncode, unknown.stdout) == (1, b"")
        assert b"--ca FILE, or use --first-use\n" in unknown.stderr
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("names", "days", "why"),
    [
        ([x509.DNSName("example.org")], 1, b"has another name"),
        ([], 1, b"has no host name that can be compared"),
        ([x509.RFC822Name("me@localhost")], 1, b"has no host name that can be compared"),
        ([x509.DNSName("*.*.localhost")], 1, b"has no host name that can be compared"),
        ([x509.DNSName("localhost")], -1, b"has expired"),
    ],
)
def test_a_certificate_for_another_name_is_refused(
    tmp_path: Path, names: list[x509.GeneralName], days: float, why: bytes
) -> None:
    (tmp_path / "other.pem").write_bytes(self_signed(names, days))
    arguments = ("--interface", "127.0.0.1", "--tls", "--certificate", "other.pem")
    with Server(tmp_path, "netlab-echo", "--port", "0", *arguments) as server:
        port = str(server.wait_for_port())
        done = client(tmp_path, b"secret\n", "--port", port, "--tls", "--ca", "other.pem")
        assert (done.returncode, done.stdout) == (1, b"")
        assert why in done.stderr
        assert done.stderr.count(b"\n") == 1
        assert " 0 bytes in," in server.wait_for("client disconnected.*")[0]
        assert server.stop() == 0


@pytest.mark.parametrize("name", ["echo", "messages"])
def test_a_server_without_tls_is_reported(tmp_path: Path, name: str) -> None:
    with Server(tmp_path, f"netlab-{name}", "--port", "0", "--interface", "127.0.0.1") as server:
        done = client(tmp_path, b"hi\n", name, "--port", str(server.wait_for_port()), *FIRST_USE)
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"if the server does not use TLS, leave out --tls\n" in done.stderr
        assert done.stderr.count(b"\n") == 1
        assert server.stop() == 0


@pytest.mark.parametrize("name", ["echo", "messages", "auth"])
def test_a_client_without_tls_gets_advice(tmp_path: Path, name: str) -> None:
    with Server(tmp_path, *NETLAB, "--only", name, "--tls") as server:
        server.wait_for("^service +address +how to connect$")
        port = server.wait_for(rf"^{name} +\S+:(\d+) ")[1]
        for typed in (b"hi\n", b"hello, whoever you are\n"):
            done = client(tmp_path, typed, name, "--port", port)
            assert (done.returncode, done.stdout) == (1, b"")
            assert b"uses TLS, try --tls" in done.stderr
        if name == "echo":
            return
        # Without input: a user waits for the greeting.
        with subprocess.Popen(
            [sys.executable, "-m", "twisted_lab.client", name, "-q", "--port", port],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        ) as waiting:
            assert waiting.stderr is not None
            said = waiting.stderr.readline()
            assert said.startswith(f"127.0.0.1:{port}: nothing received: ".encode())
            assert said.endswith(b"; if it uses TLS, try --tls\n")
            waiting.kill()
