"""Calls the load generator (bench/load.c), on a core of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time

from bench.servers import BUILD, LOAD_CORE, Server

SETTLE_SECONDS = 0.1  # in which a server sees that the last clients have gone

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
    """Begin to put load on `server`; the output of the generator is its result."""
    command = [*_command(mode, server, options), "--pid", str(server.pid)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=_pin)


def sample_of(generator: subprocess.Popen[bytes]) -> Sample:
    """Return the result of `generator`, once it has ended.

    Raises:
        subprocess.CalledProcessError: The server has answered wrongly, or not at all.
    """
    said, _ = generator.communicate()
    if generator.returncode:
        raise subprocess.CalledProcessError(generator.returncode, generator.args)
    sample: Sample = json.loads(said)
    sample["cpu_us"] = 1e6 * sample["server_cpu"] / sample["count"]
    return sample


def put_load(mode: str, server: Server, options: dict[str, float]) -> Sample:
    """Put load on `server`, and return the result of the generator; raise as `sample_of`."""
    sample = sample_of(generator(mode, server, options))
    time.sleep(SETTLE_SECONDS)
    return sample


def _resident_with(server: Server, connections: int) -> int:
    """Return the resident bytes of `server` while that many connections are idle."""
    command = _command("idle", server, {"connections": connections})
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=_pin
    ) as generator:
        assert generator.stdout is not None
        if not generator.stdout.readline():
            raise SystemExit("the connections could not be opened")
        return server.resident()


def idle_memory(server: Server, connections: int) -> Sample:
    """Return the resident bytes that `server` takes for each idle connection.

    Beyond what it takes with one, and no more have been there before: memory that others have left
    would make them look cheaper.
    """
    before = _resident_with(server, 1)
    return {"bytes": (_resident_with(server, connections) - before) / connections}
