"""The chat with real processes, over bad networks made by netlab-faults."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest
from twisted.internet.defer import Deferred

from tests.clients import CLIENT, Terminal
from tests.processes import DEADLINE, ROOT, Server, connect
from twisted_lab.rooms import Said
from twisted_lab.rooms.kept_history import KeptHistory
from twisted_lab.rooms.schema import HISTORY_TABLES
from twisted_lab.testing import MemoryStorage

CHAT = (*CLIENT, "chat", "--host", "127.0.0.1")
BAD = ("latency=5ms", "loss=20%", "duplicate=20%", "reorder=20%,delay=25ms")


def chat(directory: Path, port: int = 0, *options: str) -> Server:
    return Server(
        directory,
        "netlab-chat",
        *("--port", str(port), "--interface", "127.0.0.1", "--log-level", "warn", *options),
        twistd=("--pidfile=",),
    )


def network(directory: Path, server_port: int, *options: str) -> Server:
    proxy = f"--proxy=udp:0:127.0.0.1:{server_port}"
    return Server(directory, "netlab-faults", proxy, "--seed=1", *options, twistd=("--pidfile=",))


def bad_network(directory: Path, server_port: int, *toxics: str) -> Server:
    return network(directory, server_port, *(f"--toxic={toxic}" for toxic in toxics))


def order(control: str, *words: str) -> None:
    command = (sys.executable, "-m", "twisted_lab.control", "--control", control)
    subprocess.run((*command, *words), check=True, timeout=DEADLINE)


def tell(control: str, *words: str) -> None:
    order(control, "tell", "faults", *words)


LONG = pytest.mark.long


class Processes:
    """Processes of members in one room."""

    def __init__(self, stack: ExitStack, port: int, processes: int, count: int, messages: int):
        self._all = [
            stack.enter_context(
                Server(
                    ROOT,
                    command=(
                        *(sys.executable, "-m", "tests.programs.members", "--port", str(port)),
                        *("--first", str(number * count), "--count", str(count)),
                        *("--total-members", str(processes * count), "--messages", str(messages)),
                    ),
                )
            )
            for number in range(processes)
        ]

    def wait_for(self, pattern: str) -> None:
        for process in self._all:
            process.wait_for(pattern)

    def have_heard_all(self, seconds: float) -> None:
        """Wait for their end; all must have received all messages in the same order."""
        end = time.monotonic() + seconds
        for process in self._all:
            process.process.wait(end - time.monotonic())
        assert [process.wait() for process in self._all] == [0] * len(self._all), self._last()
        orders = {line.rpartition(" ")[2] for line in self._last()}
        assert len(orders) == 1, self._last()

    def _last(self) -> list[str]:
        return [process.lines[-1] for process in self._all]


class RoomClient(Server):
    """Our client in a pipe, which takes input until it is closed."""

    def __init__(self, port: int, name: str, typed: str | None = None, *options: str) -> None:
        reading, writing = os.pipe()
        self._input = os.fdopen(writing, "w")
        super().__init__(
            ROOT,
            command=(
                *("sh", "-c", f'exec "$@" </dev/fd/{reading}', "sh"),
                *(*CHAT, "--port", str(port), "--name", name, *options),
            ),
            pass_fds=(reading,),
        )
        os.close(reading)
        if typed is not None:
            self.say(typed)
            self._input.close()

    def say(self, lines: str) -> None:
        self._input.write(lines)
        self._input.flush()

    def end(self) -> int:
        self._input.close()
        return self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._input.close()
        super().__exit__(*raised)

    def heard(self, name: str) -> list[str]:
        """Return the texts by `name` that it has shown."""
        return [
            line.removeprefix(f"{name}: ") for line in self.lines if line.startswith(f"{name}: ")
        ]


@pytest.fixture
def no_port() -> Iterator[int]:
    """A UDP port that refuses clients: its socket is connected to another port."""
    with (
        socket.socket(type=socket.SOCK_DGRAM) as other,
        socket.socket(type=socket.SOCK_DGRAM) as bound,
    ):
        other.bind(("127.0.0.1", 0))
        bound.bind(("127.0.0.1", 0))
        bound.connect(other.getsockname())
        yield bound.getsockname()[1]


@pytest.mark.parametrize(
    ("processes", "count", "messages"), [(2, 3, 40), pytest.param(5, 10, 40, marks=LONG)]
)
def test_all_members_get_all_messages_in_one_order(
    tmp_path: Path, processes: int, count: int, messages: int
) -> None:
    with (
        chat(tmp_path) as server,
        bad_network(tmp_path, server.wait_for_port(), *BAD) as bad,
        ExitStack() as stack,
    ):
        members = Processes(stack, bad.wait_for_port(), processes, count, messages)
        members.have_heard_all(240)


@pytest.mark.parametrize("quarters", [(2,), pytest.param((1, 2, 3), marks=LONG)])
def test_nothing_is_lost_when_the_server_is_killed(
    tmp_path: Path, kept_port: int, quarters: tuple[int, ...]
) -> None:
    history = ("--history", str(tmp_path / "said.sqlite3"))
    toxics = ("latency=20ms", "loss=15%", "duplicate=15%", "reorder=15%,delay=100ms", "rebind=2%")
    with ExitStack() as stack:
        server = stack.enter_context(chat(tmp_path, kept_port, *history))
        server.wait_for_port()
        bad = stack.enter_context(bad_network(tmp_path, kept_port, *toxics))
        messages = 20 * len(quarters)
        members = Processes(stack, bad.wait_for_port(), processes=2, count=3, messages=messages)
        members.wait_for("^all members are in the room$")
        for quarter in quarters:
            members.wait_for(f"^received {quarter}/4$")
            server.process.kill()
            server.wait()
            server = stack.enter_context(chat(tmp_path, kept_port, *history))
            server.wait_for_port()
        members.have_heard_all(120)


@LONG
def test_a_client_moves_from_a_server_that_drains(tmp_path: Path, kept_port: int) -> None:
    history = ("--history", str(tmp_path / "said.sqlite3"))
    control = f"unix:{tmp_path}/control"
    other = ("--host", f"127.0.0.1:{kept_port}")
    with (
        chat(tmp_path, 0, *history, "--control", control) as server,
        RoomClient(server.wait_for_port(), "Anna", None, *other) as anna,
    ):
        anna.say("one\n")
        anna.wait_for("^Anna: one$")
        order(control, "drain")
        assert server.wait() == 0
        anna.say("two\n")
        with chat(tmp_path, kept_port, *history):
            anna.wait_for(f"moved to 127.0.0.1:{kept_port}$")
            assert anna.end() == 0
            assert anna.heard("Anna") == ["one", "two"]


def test_a_client_in_a_pipe_survives_a_bad_network(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(30)]
    with (
        chat(tmp_path) as server,
        bad_network(tmp_path, server.wait_for_port(), "latency=20ms", "loss=30%") as bad,
        RoomClient(port := bad.wait_for_port(), "Boris") as boris,
    ):
        boris.wait_for(r"^\* welcome, Boris;")
        with RoomClient(port, "Anna", "".join(f"{number}\n" for number in numbers)) as anna:
            anna.process.wait(2 * DEADLINE)
            assert anna.wait() == 0, anna.lines
        boris.wait_for(r"^\* Anna has left$")
        assert boris.heard("Anna") == numbers
        assert anna.heard("Anna") == numbers
        assert boris.end() == 0, boris.lines


def test_a_missing_server_is_one_line(no_port: int) -> None:
    with RoomClient(no_port, "Anna", "hello\n") as anna:
        assert anna.wait() == 1
    assert len(anna.lines) == 1, anna.lines
    assert anna.lines[0].startswith(f"127.0.0.1:{no_port}: no server listens there")


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    with chat(tmp_path) as server, RoomClient(port := server.wait_for_port(), "Anna") as anna:
        anna.wait_for(r"^\* welcome, Anna;")
        with RoomClient(port, "anna", "hello\n") as other:
            assert other.wait() == 1
        assert len(other.lines) == 1, other.lines
        assert other.lines[0].startswith("not let in: name taken: anna")
        assert anna.end() == 0
    assert anna.heard("anna") == []


def test_a_script_a_tcp_client_and_our_client_share_a_room(tmp_path: Path) -> None:
    with (
        chat(tmp_path, 0, "--tcp-port", "0") as server,
        RoomClient(port := server.wait_for_port(), "ours") as ours,
        socket.socket(type=socket.SOCK_DGRAM) as script,
        connect(server.wait_for_port()) as stream,
        stream.makefile() as lines,
    ):

        def stream_hears(wanted: str) -> None:
            assert next((line for line in lines if wanted in line), None), wanted

        def script_hears(wanted: str) -> str:
            while True:
                data, sender = script.recvfrom(2048)
                assert sender == ("127.0.0.1", port)
                if wanted in (text := data.decode()):
                    return text

        def script_says(text: str) -> None:
            script.sendto(text.encode(), ("127.0.0.1", port))

        ours.wait_for(r"^\* welcome, ours;")
        stream.sendall(b"/join stream\n")
        stream_hears("* welcome, stream;")
        script.settimeout(DEADLINE)
        script_says("/join script")
        script_says(script_hears("/join script "))
        script_hears("* here: ours, script, stream")

        script_says("one")
        stream_hears("script: one")
        stream.sendall(b"two\n")
        ours.wait_for("^stream: two$")
        ours.say("three\n")
        assert [script_hears(f": {number}\n") for number in ("one", "two", "three")] == [
            "script: one\n",
            "stream: two\n",
            "ours: three\n",
        ]
        stream_hears("ours: three")

        stream.sendall(b"exit\n")
        script_hears("* stream has left")
        script_says("exit")
        ours.wait_for(r"^\* script has left$")
        assert ours.end() == 0
        shown = [line for line in ours.lines if not line.startswith("* ")]
        assert shown == ["script: one", "stream: two", "ours: three"]


def test_the_example_client_is_a_member(tmp_path: Path) -> None:
    with chat(tmp_path) as server, RoomClient(port := server.wait_for_port(), "Anna") as anna:
        anna.wait_for(r"^\* welcome, Anna;")
        anna.say("hello\n")
        anna.wait_for("^Anna: hello$")
        example = subprocess.run(
            [sys.executable, "examples/chat_client.py", "Vera", "127.0.0.1", str(port)],
            input="/history 1\ngood day\n",
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            timeout=DEADLINE,
        )
        anna.wait_for(r"^\* Vera has left$")
        assert anna.heard("Vera") == ["good day"]
        assert anna.end() == 0
    assert example.stdout.splitlines() == [
        "* welcome, Vera; /help lists what you can do",
        "* here: Anna, Vera",
        "Anna: hello",
        "Vera: good day",
    ]


@pytest.mark.parametrize(
    ("idle_timeout", "absences"),
    [(8, [10]), pytest.param(60, [30, 62, 75, 110], marks=LONG)],
)
def test_a_client_loses_nothing_in_an_absence(
    tmp_path: Path, idle_timeout: int, absences: list[int]
) -> None:
    """Try each absence, in seconds, with a suspended client and with a cut network."""
    with (
        chat(tmp_path, 0, "--idle-timeout", str(idle_timeout)) as server,
        RoomClient(port := server.wait_for_port(), "Anna") as anna,
        ExitStack() as stack,
    ):
        controls = [f"unix:{tmp_path}/{seconds}" for seconds in absences]
        networks = [
            stack.enter_context(network(tmp_path, port, "--control", control))
            for control in controls
        ]
        suspended = [on_terminal(port, f"s{seconds}") for seconds in absences]
        cut = [
            on_terminal(each.wait_for_port(), f"c{seconds}")
            for each, seconds in zip(networks, absences, strict=True)
        ]
        for client, control, other in zip(suspended, controls, cut, strict=True):
            client.child.kill(signal.SIGSTOP)
            tell(control, "add", "blackhole")
            other.type("from afar\r")
        anna.say("meanwhile\n")
        anna.wait_for("^Anna: meanwhile$")
        begun = time.monotonic()
        for seconds, client, control, other in zip(absences, suspended, controls, cut, strict=True):
            time.sleep(max(begun + seconds - time.monotonic(), 0))
            client.child.kill(signal.SIGCONT)
            tell(control, "remove", "blackhole")
            anna.wait_for(f"^c{seconds}: from afar$")
            client.type("back\r")
            anna.wait_for(f"^s{seconds}: back$")
            for one in (client, other):
                one.see(".* Anna: meanwhile")
            other.see(f".* ✓ c{seconds}: from afar")
        for one in (*suspended, *cut):
            one.type("exit\r")
            assert one.end() == 0
        assert anna.end() == 0


def on_terminal(port: int, name: str) -> Terminal:
    """Start our client on a terminal, and join the room."""
    terminal = Terminal(*CHAT, "--port", str(port), "--name", name)
    terminal.see(rf".* \* welcome, {name}; .*")
    return terminal


@pytest.mark.parametrize(("count", "length"), [(100, 3000), pytest.param(160, 65_000, marks=LONG)])
def test_a_client_catches_up_on_more_than_a_channel_buffers(
    tmp_path: Path, kept_port: int, count: int, length: int
) -> None:
    path = tmp_path / "said.sqlite3"
    options = ("--history", str(path), "--tcp-port", "0")
    texts = [f"{number} ".ljust(length, "x") for number in range(count)]
    with ExitStack() as stack:
        server = stack.enter_context(chat(tmp_path, kept_port, *options))
        server.wait_for_port()
        anna = stack.enter_context(RoomClient(kept_port, "Anna"))
        anna.wait_for(r"^\* welcome, Anna;")
        assert server.stop() == 0
        now = round(time.time())
        place = now * 1_000_000
        storage = MemoryStorage(HISTORY_TABLES, str(path))
        for number, text in enumerate(texts):
            said = Said(place + number, "Boris", text, time=now)
            Deferred.fromCoroutine(KeptHistory(storage).add(said))
        storage.database.close()
        server = stack.enter_context(chat(tmp_path, kept_port, *options))
        server.wait_for_port()
        tcp_port = server.wait_for_port()
        anna.wait_for(f"^Boris: {count - 1} ")
        assert anna.heard("Boris") == texts
        stream = stack.enter_context(connect(tcp_port))
        stream.sendall(b"/join Vera 0123456789abcdef 1\n")
        lines = stack.enter_context(stream.makefile())
        heard = [next(lines).rstrip("\n") for _ in range(count)]
        assert heard == [f"{place + n} {now * 1000} Boris: {text}" for n, text in enumerate(texts)]
        assert "* welcome, Vera" in next(lines)
        assert anna.end() == 0
        assert server.stop() == 0
        assert not [line for line in server.lines if "dropped" in line], server.lines


def test_clients_survive_a_restart_of_the_server(tmp_path: Path, kept_port: int) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(chat(tmp_path, kept_port, "--drain", "600"))
        server.wait_for_port()
        members = [stack.enter_context(RoomClient(kept_port, name)) for name in ("Anna", "Boris")]
        for member in members:
            member.wait_for(r"^\* welcome, ")
        assert server.stop() == 0
        for member in members:
            member.wait_for("^the server is shutting down; waiting for it to return$")
        members[0].say("while nobody listens\n")
        server = stack.enter_context(chat(tmp_path, kept_port))
        for member in members:
            member.wait_for("^Anna: while nobody listens$")
        assert [member.end() for member in members] == [0, 0], [member.lines for member in members]
        assert server.stop() == 0
