"""The programs of tests/checked, and what the checker finds about them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import cast

from twisted.internet.interfaces import IReactorTime

from tests.checked.authentication import manifest as authenticating
from tests.checked.clients import manifest as clients
from tests.checked.dialogue import manifest as dialogues
from tests.checked.identification import manifest as identifying
from tests.checked.length_header import manifest as length_headers
from tests.checked.servers import manifest as servers
from tests.checked.udp_chat import manifest as udp_chats
from tests.checked.udp_chat_client import manifest as udp_chat_clients
from tests.processes import ROOT
from twisted_lab.check.activity import Activity
from twisted_lab.check.bench import Bench
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.scenarios import (
    authentication,
    dialogue,
    echo_client,
    echo_server,
    identification,
    length_header,
    udp_chat,
    udp_chat_client,
)
from twisted_lab.check.task import Task
from twisted_lab.check.trials.server_manners import Manners

ONE_IN = 3  # of the programs that fail: the gate has no time for all, and check_repeat judges them
DEADLINE = 600  # seconds for one program: some use all the processor time that they get
_CHECKED = ROOT / "tests" / "checked"
_MANIFESTS = (
    (echo_server.TASK, servers, _CHECKED / "servers"),
    (echo_client.TASK, clients, _CHECKED / "clients"),
    (udp_chat.TASK, udp_chats, _CHECKED / "udp_chat"),
    (udp_chat_client.TASK, udp_chat_clients, _CHECKED / "udp_chat_client"),
    (identification.TASK, identifying, _CHECKED / "identification"),
    (authentication.TASK, authenticating, _CHECKED / "authentication"),
    (length_header.TASK, length_headers, _CHECKED / "length_header"),
    (dialogue.TASK, dialogues, _CHECKED / "dialogue"),
)


@dataclass(frozen=True)
class Program:
    """A program of tests/checked.

    Attributes:
        name: Its name, for people.
        task: The task that it is checked for.
        folder: Its folder.
        command: Its command.
        build: The command that builds it first; empty if there is none.
        fails: The id of a requirement that it fails; "" if it is correct.
        is_weak: Whether what it "fails" is weak.
        mistake: The name of the mistake that the checker should see in it; "" for any.
        lacks: The ids of requirements that it fails, although it counts as correct.
        is_in_gate: Whether the gate checks it: a check costs up to 5 s of processor time.
        manners: Its manners, if they need not be learned to see what it fails.
    """

    name: str
    task: Task
    folder: Path
    command: Sequence[str]
    build: Sequence[str] = ()
    fails: str = ""
    is_weak: bool = False
    mistake: str = ""
    lacks: frozenset[str] = frozenset()
    is_in_gate: bool = True
    manners: Manners | None = None


def correct() -> Iterator[Program]:
    """Yield the programs that must not fail, as far as this machine can run them."""
    for task, manifest, folder in _MANIFESTS:
        for number, (name, command, needed) in enumerate(manifest.CORRECT):
            if shutil.which(needed):
                yield Program(
                    f"{task.name}: {name}",
                    task,
                    folder,
                    command,
                    manifest.BUILDS.get(needed, ()),
                    lacks=getattr(manifest, "LACKS", {}).get(name, frozenset()),
                    is_in_gate=number % 2 == 0 and _is_in_gate(manifest, name),
                )


def _is_in_gate(manifest: ModuleType, name: str) -> bool:
    chosen: frozenset[str] | None = getattr(manifest, "IN_GATE", None)
    return chosen is None or name in chosen


def broken() -> Iterator[Program]:
    """Yield the programs that fail one requirement."""
    for task, manifest, folder in _MANIFESTS:
        for number, (key, file) in enumerate(manifest.BROKEN.items()):
            command = (sys.executable, file)
            is_weak = key in getattr(manifest, "WEAK", ())
            yield Program(
                f"{task.name}: broken {key}",
                task,
                folder,
                command,
                fails=key,
                is_weak=is_weak,
                is_in_gate=number % ONE_IN == 0 and _is_in_gate(manifest, key),
                manners=getattr(manifest, "MANNERS", {}).get(key),
            )


def mistaken() -> Iterator[Program]:
    """Yield the programs with typical mistakes; more may fail."""
    for task, manifest, folder in _MANIFESTS:
        for number, (mistake, started, key) in enumerate(manifest.MISTAKES):
            command = (sys.executable, started) if isinstance(started, str) else started
            name = f"{task.name}: {mistake} in {command[1]}"
            is_in_gate = number % ONE_IN == 0
            yield Program(
                name, task, folder, command, fails=key, mistake=mistake, is_in_gate=is_in_gate
            )


def prepare(program: Program, folder: Path) -> Program:
    """Return a program as a copy in a folder, which is created, and built if necessary."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(program.folder, folder, ignore=ignored)
    if program.build:
        subprocess.run(program.build, cwd=folder, check=True)
    return replace(program, folder=folder)


def bench_for(program: Program) -> Bench:
    """Return a bench that starts a program in this process's reactor."""
    from twisted.internet import reactor

    return Bench(
        reactor=reactor,
        activity=Activity(cast(IReactorTime, reactor)),
        command=program.command,
        folder=program.folder,
        address=None,
        open_sandbox=open_sandbox,
        seed=7,
        watch=lambda _: None,
    )


def check(program: Program, seed: int, only: str = "") -> list[dict[str, str]]:
    """Check a program, and return the findings as the JSON report has them.

    Args:
        program: The program.
        seed: The seed.
        only: The ids of the requirements, with commas between them; "" for all.
    """
    name, folder = program.task.name, str(program.folder)
    arguments = (name, "--seed", str(seed), "--json", "-", "--folder", folder)
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "twisted_lab.check", *arguments),
            *(("--only", only) if only else ()),
            *("--", *program.command),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert ended.returncode in (0, 1, 3), f"{program.name}: {ended.returncode} {ended.stderr}"
    findings: list[dict[str, str]] = json.loads(ended.stdout)["findings"]
    return findings
