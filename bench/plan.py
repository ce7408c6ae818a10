"""The plan: measurements, their servers and durations."""

from __future__ import annotations

from dataclasses import dataclass

from bench.servers import BROADCAST, ECHO, MESSAGES, START, Command, available

LARGE = (10, 100)  # KiB
CONNECTIONS = (1, 10, 200, 1000)
IDLE = 10_000
CHUNKS = "ours, --chunk-size 65536"
LOGGED = "ours, every event to a file"
TIMES = {"seconds": 0.8, "warmup": 0.2}
QUICK_TIMES = {"seconds": 0.6, "warmup": 0.15}


@dataclass(frozen=True)
class Cell:
    """A measurement: a kind of load, and the peers that get it in each round."""

    name: str
    mode: str
    options: dict[str, float]
    peers: list[str]


@dataclass(frozen=True)
class Table:
    """Measurements of servers that start once, and idle while others are measured."""

    name: str
    commands: dict[str, Command]
    cells: list[Cell]
    most_rounds: int = 99
    # A server that has worked before has memory in reserve, so idle servers are always new.
    fresh: bool = False

    @property
    def peers(self) -> list[str]:
        """Return the peers of all cells, in the order of the commands."""
        wanted = {peer for cell in self.cells for peer in cell.peers}
        return [name for name in self.commands if name in wanted]


def echo_name(connections: int, kibibytes: int) -> str:
    """Return the name of an echo's cell."""
    return f"{kibibytes} KiB, {connections:,} connection{'s' * (connections > 1)}"


def echo_table(
    small: list[str], large: list[str], connections: tuple[int, ...], times: dict[str, float]
) -> Table:
    """Plan the echo of 1 KiB, and of larger messages on 10 connections."""

    def cell(count: int, kibibytes: int, peers: list[str]) -> Cell:
        options = {"connections": count, "size": kibibytes * 1024, **times}
        return Cell(echo_name(count, kibibytes), "echo", options, peers)

    cells = [cell(count, 1, small) for count in connections]
    return Table("echo", ECHO, cells + [cell(10, size, large) for size in LARGE])


def quick_plan() -> list[Table]:
    """Plan what `make bench-quick` measures."""
    peers = ["C epoll", "uvloop protocol", "stock Twisted", "ours", LOGGED]
    return [echo_table(peers, ["uvloop protocol", CHUNKS], CONNECTIONS[1:], QUICK_TIMES)]


def full_plan() -> list[Table]:
    """Plan all measurements."""
    every = available(ECHO)
    plain = [name for name in every if name not in (CHUNKS, LOGGED)]
    messages, broadcast = available(MESSAGES), available(BROADCAST)

    def talk(name: str, mode: str, connections: int) -> Cell:
        return Cell(name, mode, {"connections": connections, **TIMES}, messages)

    return [
        echo_table(
            [name for name in every if name != CHUNKS],
            [name for name in every if name != LOGGED],
            CONNECTIONS,
            TIMES,
        ),
        Table(
            "messages",
            MESSAGES,
            [
                talk("request and reply, 10 connections", "frames", 10),
                talk("request and reply, 200 connections", "frames", 200),
                talk("pipelined, 1 connection", "pipelined", 1),
                talk("pipelined, 10 connections", "pipelined", 10),
            ],
        ),
        Table(
            "broadcast",
            BROADCAST,
            [
                Cell(
                    "1,000 members",
                    "broadcast",
                    {"connections": 1000, "seconds": 1.5, "warmup": 0.5},
                    broadcast,
                )
            ],
        ),
        Table("accept", ECHO, [Cell("16 at a time", "accept", {"parallel": 16, **TIMES}, plain)]),
        Table(
            "memory",
            ECHO,
            [
                Cell(
                    "idle",
                    "idle",
                    {"connections": IDLE},
                    # A server with ten thousand threads is unrealistic.
                    [name for name in plain if name != "threads"],
                )
            ],
            most_rounds=3,
            fresh=True,
        ),
        Table("start", START, [Cell("start", "start", {}, list(START))], fresh=True),
    ]
