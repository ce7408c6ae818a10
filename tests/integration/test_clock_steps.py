"""Clock steps of an hour while peers are served."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.processes import NETLAB, Server, connect, line, ports, receive, wait_until

# twistd with a clock that is off by the number of seconds in the file.
RUN = """
import sys, time
from pathlib import Path
real, step = time.time, Path("step")
time.time = lambda: real() + float(step.read_text())
from twisted.scripts.twistd import run
sys.exit(run())
"""


def has_grown(file: Path, size: int) -> bool:
    return file.stat().st_size > size


@pytest.mark.parametrize("reactor", ["epoll", "asyncio"])
@pytest.mark.parametrize("hours", [1, -1])
def test_clock_steps_disconnect_and_delay_no_peer(tmp_path: Path, hours: int, reactor: str) -> None:
    step = tmp_path / "step"
    step.write_text("0")
    twistd = ("--reactor", reactor, "-n", *NETLAB, "--log-file", "events.log")
    patience = ("--idle-timeout", "1800", "--metrics", "unix:metrics")
    command = (sys.executable, "-c", RUN, *twistd, *patience)
    with Server(tmp_path, command=command) as server:
        number = ports(server)
        with connect(number["echo"]) as echo, connect(number["ident"]) as ident:
            echo.sendall(b"before")
            assert receive(echo, 6) == b"before"
            assert line(ident) == "What's your name?\n"
            (tmp_path / "step.new").write_text(str(3600 * hours))
            (tmp_path / "step.new").rename(step)
            log = tmp_path / "events.log"
            for _ in range(3):
                size = log.stat().st_size  # of the log so far
                echo.sendall(b"after")
                assert receive(echo, 5) == b"after"
                wait_until(partial(has_grown, log, size))
            ident.sendall(b"Anna\n")
            assert line(ident) == "Hello, Anna\n"
        assert server.stop() == 0
    events = log.read_text()
    assert "nothing heard" not in events
    assert events.count("closed by the client") == 1


CLIENT_RUN = """
import runpy, sys, time
from pathlib import Path
real, step = time.time, Path("step")
time.time = lambda: real() + float(step.read_text())
sys.argv = ["client", *sys.argv[1:]]
runpy.run_module("twisted_lab.client", run_name="__main__")
"""


@pytest.mark.parametrize("hours", [1, -1])
def test_a_chat_client_survives_clock_steps(tmp_path: Path, hours: int) -> None:
    step = tmp_path / "step"
    step.write_text("0")
    reading, writing = os.pipe()
    arguments = ("chat", "--host", "127.0.0.1", "--name", "Anna", "--port")
    with (
        Server(tmp_path, "netlab-chat", "--port", "0", "--interface", "127.0.0.1") as server,
        os.fdopen(writing, "w") as typed,
        Server(
            tmp_path,
            command=(
                *("sh", "-c", f'exec "$@" </dev/fd/{reading}', "sh"),
                *(sys.executable, "-c", CLIENT_RUN, *arguments, str(server.wait_for_port())),
            ),
            pass_fds=(reading,),
        ) as client,
    ):
        os.close(reading)
        client.wait_for(r"^\* welcome, Anna;")
        (tmp_path / "step.new").write_text(str(3600 * hours))
        (tmp_path / "step.new").rename(step)
        typed.write("after\n")
        typed.flush()
        client.wait_for("^Anna: after$")
        typed.close()
        assert client.wait() == 0, client.lines
