"""The demonstrations of `netlab show`: what they print is what the kernel must answer."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.processes import DEADLINE, ENVIRONMENT, ROOT
from twisted_lab.show.__main__ import main
from twisted_lab.show.catalogue import DEMONSTRATIONS
from twisted_lab.text import language

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
CONNECTED = (
    r"server.bind\(\('127.0.0.1', 0\)\) -> OK, at (?P<server>127.0.0.1:\d+)\n",
    r"client.connect\(.*?\) -> OK, from (?P<client>\S+) to (?P=server)\n",
    r"server.accept\(\) -> connection, a new socket, from (?P=server) to (?P=client)\n",
)
TWO_AS_ONE = (
    r"client.sendall\(b'first'\) -> OK\n    client.sendall\(b'again'\) -> OK\n",
    r"connection.recv\(1024\) -> b'firstagain'\n",
)
# What each must show, in this order, with anything between.
SHOWN = {
    "client-and-server": (
        *CONNECTED,
        r"connection.recv\(1024\) -> b'hello'\n",
        r"client.recv\(1024\) -> b'HELLO'\n",
        r"server.recv\(1024\) -> ENOTCONN: ",
        r"client.close\(\) -> OK\n    connection.close\(\) -> OK\n    server.close\(\) -> OK\n",
    ),
    "text": (
        *CONNECTED,
        r"client.send\('Привет'\) -> TypeError: ",
        r"connection.recv\(5\) -> b'\\xd0\\x9f\\xd1\\x80\\xd0'\n",
        r"data.decode\('utf-8'\) -> UnicodeDecodeError: unexpected end of data\n",
        r"connection.recv\(1024\) -> b'\\xb8.*\n",
        r"data.decode\('utf-8'\) -> 'Привет\\n'\n",
        re.escape(f"data.decode('cp866') -> '{'Привет'.encode().decode('cp866')}"),
    ),
    "blocking": (
        r"server.accept\(\) -> TimeoutError: no answer within 0.2 s\n",
        r"client.connect\(.*?\) -> OK, from ",
        r"server.accept\(\) -> connection, a new socket",
        r"connection.recv\(1024\) -> TimeoutError: no answer within 0.2 s\n",
        r"client.sendall\(b'hello'\) -> OK\n    connection.recv\(1024\) -> b'hello'\n",
        r"client.sendall\(b'x*'... \(1,000,000 bytes\)\) -> TimeoutError: ",
    ),
    "non-blocking": (
        r"server.accept\(\) -> BlockingIOError \(EAGAIN\): ",
        r"client.connect\(.*?\) -> BlockingIOError \(EINPROGRESS\): ",
        r"select\(\[\], \[client\], \[\]\) -> \(\[\], \[client\], \[\]\)\n",
        r"client.getsockopt\(SOL_SOCKET, SO_ERROR\) -> 0\n",
        r"select\(\[server, client\], \[\], \[\]\) -> \(\[server\], \[\], \[\]\)\n",
        r"server.accept\(\) -> connection, a new socket",
        r"client.recv\(1024\) -> BlockingIOError \(EAGAIN\): ",
        r"client.recv\(1024\) -> b'hello'\n",
        r"client.send\(b'x*'... \(1,000,000 bytes\)\) -> \d+\n",
        r"client.send\(b'x*'... \(1,000,000 bytes\)\) -> BlockingIOError \(EAGAIN\): ",
    ),
    "tcp-and-udp": (
        *CONNECTED,
        *TWO_AS_ONE,
        r"receiver.bind\(\('127.0.0.1', 0\)\) -> OK, at (?P<receiver>127.0.0.1:\d+)\n",
        r"receiver.recvfrom\(1024\) -> b'first' from (?P<sender>127.0.0.1:\d+)\n",
        r"receiver.recvfrom\(2\) -> b'ag' from (?P=sender)\n",
        r"late.connect\(.*?\) -> ConnectionRefusedError \(ECONNREFUSED\): ",
        r"sender.sendto\(b'hello', .*?\) -> 5\n",
    ),
    "server-calls": (
        *CONNECTED,
        r"early.accept\(\) -> EINVAL: ",
        r"early.bind\(.*?\) -> OK, .*\n    early.bind\(.*?\) -> EINVAL: ",
        r"early.recv\(1024\) -> ENOTCONN: ",
        r"client.listen\(1\) -> EINVAL: ",
        r"client.accept\(\) -> EINVAL: ",
        r"server.connect\(.*?\) -> EISCONN: ",
        r"datagrams.bind\(.*?\) -> OK, .*\n    datagrams.listen\(1\) -> EOPNOTSUPP: ",
    ),
    "osi": (
        r"receiver.bind\(.*?\) -> OK, at 127.0.0.77:(?P<receiver>\d+)\n",
        r"raw = socket\(AF_INET, SOCK_RAW, IPPROTO_UDP\) -> ",
        r"receiver.recvfrom\(1024\) -> b'hello' from (?P<host>[\d.]+):(?P<sender>\d+)\n",
    ),
    "half-close": (
        *CONNECTED,
        r"client.shutdown\(SHUT_WR\) -> OK\n",
        r"connection.recv\(1024\) -> b'question'\n    connection.recv\(1024\) -> b''\n",
        r"connection.sendall\(b'answer'\) -> OK\n    client.recv\(1024\) -> b'answer'\n",
        r"client.send\(.*?\) -> BrokenPipeError \(EPIPE\): ",
        r"connection.close\(\) -> OK\n    client.recv\(1024\) -> b''\n",
    ),
    "time-wait": (
        *CONNECTED,
        r"/proc/net/tcp: (?P=server) (?P=client) TIME_WAIT\n",
        r"again.setsockopt\(SOL_SOCKET, SO_REUSEADDR, 0\) -> OK\n",
        r"again.bind\(.*?\) -> EADDRINUSE: ",
        r"again.setsockopt\(SOL_SOCKET, SO_REUSEADDR, 1\) -> OK\n",
        r"again.bind\(.*?\) -> EADDRINUSE: ",
        r"server.setsockopt\(SOL_SOCKET, SO_REUSEADDR, 1\) -> OK\n",
        r"server.bind\(.*?\) -> OK, at (?P<second>\S+)\n",
        r"/proc/net/tcp: (?P=second) \S+ TIME_WAIT\n",
        r"again.bind\(.*?\) -> OK, at (?P=second)\n",
    ),
    "partial-reads": (
        *CONNECTED,
        r"recv\(5\) -> b'hello'\n    connection.recv\(5\) -> b', wor'\n",
        r"connection.recv\(1024\) -> b'ld'\n",
        *TWO_AS_ONE,
        r"connection.recv\(1024\) -> b'\\x00\\x00\\x00\\x0chello,'\n",
        r"connection.recv\(6\) -> b' world'\n    b'hello, world'\n",
    ),
    "backlog": (
        r"server.listen\(1\) -> OK, at (?P<server>\S+)\n",
        r"first.connect\(.*?\) -> OK, from (?P<first>\S+) to (?P=server)\n",
        r"second.connect\(.*?\) -> OK, from \S+ to (?P=server)\n",
        r"/proc/net/tcp: 2 clients wait for accept\(\)\n",
        r"first.sendall\(b'hello'\) -> OK\n",
        r"third.connect\(.*?\) -> TimeoutError: no answer within 0.3 s\n",
        r"server.accept\(\) -> connection, a new socket, from (?P=server) to (?P=first)\n",
        r"connection.recv\(1024\) -> b'hello'\n",
        r"fourth.connect\(.*?\) -> OK, from \S+ to (?P=server)\n",
    ),
    "udp-loss": (
        r"receiver.setsockopt\(SOL_SOCKET, SO_RCVBUF, 5000\) -> OK\n",
        r"receiver.getsockopt\(SOL_SOCKET, SO_RCVBUF\) -> 10000\n",
        *(rf"sender.sendto\(b'datagram {n} +'.*?\) -> 1000\n" for n in range(1, 13)),
        r"receiver.recv\(1024\) -> b'datagram 1 ",
        r"receiver.recv\(1024\) -> TimeoutError: ",
    ),
}
REFUSED = (
    r"PermissionError \(EPERM\): this user may not do this\n",
    r"The refusal is an answer, too: what is below the transport belongs to the\nkernel.\n",
)
SEEN = (
    r"layer 3, IP: 20 bytes, from (?P=host) to 127.0.0.77\n",
    r"layer 4, UDP: 8 bytes, from port (?P=sender) to (?P=receiver)\n",
    r"layers 5 to 7, the application: b'hello'\n",
)


@pytest.fixture(autouse=True)
def _deadline() -> Iterator[None]:
    """End a demonstration that waits for ever."""

    def fail(*_args: object) -> None:
        raise AssertionError(f"not ended after {DEADLINE} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(DEADLINE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def show(name: str, monkeypatch: Patch, capfd: Capture, locale: str = "C.UTF-8") -> str:
    """Return what the demonstration prints; it must end by itself."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", locale)
    monkeypatch.setattr(sys, "argv", ["show", name])
    try:
        main()
    finally:
        language.use(language.SOURCE)
    shown, errors = capfd.readouterr()
    assert errors == ""
    return shown


def is_shown(parts: tuple[str, ...], shown: str) -> bool:
    return re.search("(?s:.*?)".join(parts), shown) is not None


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_a_demonstration_shows_what_it_claims(
    name: str, monkeypatch: Patch, capfd: Capture
) -> None:
    shown = show(name, monkeypatch, capfd)
    assert shown.startswith(DEMONSTRATIONS[name].question + "\n")
    for number in range(len(SHOWN[name])):
        assert is_shown(SHOWN[name][: number + 1], shown), f"{SHOWN[name][number]}\n\n{shown}"
    assert re.fullmatch("This shows: [^\n]+(\n[^\n]+)*\n", shown.split("\n\n")[-1])


def test_headers_are_shown_if_the_kernel_allows_it(monkeypatch: Patch, capfd: Capture) -> None:
    shown = show("osi", monkeypatch, capfd)
    assert is_shown((*SHOWN["osi"], *SEEN), shown) is not is_shown(REFUSED, shown)


def test_a_refusal_is_an_answer() -> None:
    without: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("setpriv, which gives up the right to raw sockets, is not installed")
        without = ("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw")
    ended = subprocess.run(
        [*without, sys.executable, "-m", "twisted_lab.show", "osi"],
        cwd=ROOT,
        env={**ENVIRONMENT, "LANGUAGE": "en"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert is_shown((SHOWN["osi"][1], *REFUSED), ended.stdout)


def test_the_kernels_buffers_are_counted(monkeypatch: Patch, capfd: Capture) -> None:
    shown = show("non-blocking", monkeypatch, capfd)
    taken = sum(map(int, re.findall(r"client.send\(.* -> (\d+)\n", shown)))
    assert f"taken: {taken:,} bytes\n" in shown


def test_each_datagram_is_received_or_thrown_away(monkeypatch: Patch, capfd: Capture) -> None:
    shown = show("udp-loss", monkeypatch, capfd)
    received = [int(n) for n in re.findall(r"recv\(1024\) -> b'datagram (\d+)", shown)]
    assert received == list(range(1, len(received) + 1))
    lost = 12 - len(received)
    assert lost > 0
    assert f"sent: 12\n    received: {len(received)}\n" in shown
    assert f"/proc/net/udp: {lost} thrown away\n" in shown


def test_in_russian(monkeypatch: Patch, capfd: Capture) -> None:
    shown = show("blocking", monkeypatch, capfd, "ru_RU.UTF-8")
    assert shown.startswith("Какие вызовы заставляют программу ждать?\n")
    assert "server.accept() -> TimeoutError: за 0,2 с ответа нет\n" in shown
    assert "Вывод: accept(), recv(), send(), sendall() и connect() ждут" in shown
    sentences = [line for line in shown.splitlines() if not line.startswith("    ")]
    assert not [line for line in sentences if re.search(r"\b(the|waits?|is)\b", line)]
