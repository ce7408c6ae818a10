"""Runs the load generator (bench/load.c) on its own core."""

from __future__ import annotations

import json
import os
import subprocess
import time

from bench.servers import BUILD, LOAD_CORE, Server

SETTLE_SECONDS = 0.1  # for a server to notice that the last clients have left

Sample = dict[str, float]


def _command(mode: str, server: Server, options: dict[str, float]) -> list[str]:
    return [
        str(BUILD / "load"),
        mode,
        "127.0.0.1",
        str(server.port),
        *(word for name, value in options.items() for word in (f"--{name}", str(value))),
    ]


def _pin() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})


def generator(mode: str, server: Server, options: dict[str, float]) -> subprocess.Popen[bytes]:
    """Start to put load on `server`; the generator prints its result."""
    command = [*_command(mode, server, options), "--pid", str(server.pid)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=_pin)


def sample_of(generator: subprocess.Popen[bytes]) -> Sample:
    """Return the result of `generator`, once it has ended.

    Raises:
        subprocess.CalledProcessError: The server gave a wrong answer, or none.
    """
    said, _ = generator.communicate()
    if generator.returncode:
        raise subprocess.CalledProcessError(generator.returncode, generator.args)
    sample: Sample = json.loads(said)
    sample["cpu_us"] = 1e6 * sample["server_cpu"] / sample["count"]
    return sample


def put_load(mode: str, server: Server, options: dict[str, float]) -> Sample:
    """Put load on `server`, and return the generator's result; raises like `sample_of`."""
    sample = sample_of(generator(mode, server, options))
    time.sleep(SETTLE_SECONDS)
    return sample


def _resident_with(server: Server, connections: int) -> int:
    """Return the resident bytes of `server` with a number of idle connections."""
    command = _command("idle", server, {"connections": connections})
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=_pin
    ) as generator:
        assert generator.stdout is not None
        if not generator.stdout.readline():
            raise SystemExit("cannot open the connections")
        return server.resident()


def idle_memory(server: Server, connections: int) -> Sample:
    """Return the resident bytes of `server` per idle connection, beyond those with one.

    The server must be new: memory that earlier connections left would make others look cheaper.
    """
    before = _resident_with(server, 1)
    return {"bytes": (_resident_with(server, connections) - before) / connections}
