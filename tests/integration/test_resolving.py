"""The client during name resolution and after its failure."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.processes import DEADLINE, ENVIRONMENT

# `does` replaces the C library: no test queries a real name server.
PROGRAM = """
import signal, socket, sys, threading
def getaddrinfo(*_, **__):
    print("resolving", flush=True)
    {does}
socket.getaddrinfo = getaddrinfo
from twisted_lab.client.__main__ import main
main()
"""


def client(does: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(does=does), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )


@pytest.mark.parametrize("service", ["echo", "chat"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_client_while_resolving(service: str, number: int) -> None:
    with client("threading.Event().wait()", service, "--host", "box.example") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"resolving\n"
        process.send_signal(number)
        try:
            _, said = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert (process.returncode, said) == (128 + number, b"")


# The kernel may deliver a signal just before the reactor begins to wait, or to another thread. Then
# no system call of the reactor is interrupted.
UNSEEN = """
    while sys._current_frames()[threading.main_thread().ident].f_code.co_name != "doPoll":
        pass
    signal.pthread_kill(threading.get_ident(), signal.{name})
    threading.Event().wait()
"""


@pytest.mark.parametrize("service", ["echo", "chat"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_interrupts_no_waiting_ends_the_client(service: str, number: int) -> None:
    does = UNSEEN.format(name=signal.Signals(number).name)
    with client(does, service, "--host", "box.example") as process:
        try:
            _, said = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert (process.returncode, said) == (128 + number, b"")


@pytest.mark.parametrize("service", ["echo", "messages", "chat"])
@pytest.mark.parametrize(
    "does", ["raise socket.gaierror(socket.EAI_NONAME, 'x')", "'192.168..5'.encode('idna')"]
)
def test_an_unknown_host_is_one_line(service: str, does: str) -> None:
    with client(does, service, "--host", "box.example") as process:
        _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert said.count(b"\n") == 1
    assert said.startswith(b"could not connect to box.example:90")
