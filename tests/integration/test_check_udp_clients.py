"""Clients of a chat by UDP, checked for real."""

from __future__ import annotations

from pathlib import Path
from socket import SocketKind

import pytest
import pytest_twisted

from tests.checked.udp_chat_client import manifest
from tests.programs.checked import Program, bench_for, broken, correct, prepare
from twisted_lab.check.outcomes import Failed, Info, NotOffered
from twisted_lab.check.scenarios.udp_chat_client import TASK
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.trial import Trial

MANNERS = ClientManners(kind=SocketKind.SOCK_DGRAM)
BROKEN = [each for each in broken() if each.task is TASK]
CORRECT = {each.name.removeprefix(f"{TASK.name}: "): each for each in correct()}
OFFERED = [name for name, _, _ in manifest.CORRECT if name not in manifest.NOT_OFFERED]


async def judge(program: Program, key: str, folder: Path) -> None:
    """Judge one requirement, once."""
    trial = Trial(bench_for(prepare(program, folder / "x")), key)
    try:
        await TASK.scenarios[key](trial, MANNERS)
    finally:
        trial.close()


@pytest_twisted.ensureDeferred
async def test_a_client_with_a_fixed_address_is_heard(tmp_path: Path) -> None:
    await judge(CORRECT["in turn, a fixed address"], "UD-3", tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", OFFERED)
@pytest_twisted.ensureDeferred
async def test_correct_clients_are_not_blamed(name: str, tmp_path: Path) -> None:
    if name not in CORRECT:
        pytest.skip(f"{name} is not installed")
    await judge(CORRECT[name], "UD-6", tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", manifest.NOT_OFFERED)
@pytest_twisted.ensureDeferred
async def test_clients_of_another_kind_are_not_blamed(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotOffered):
        await judge(CORRECT[name], manifest.NOT_OFFERED[name], tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "key", "note"),
    [
        ("daemon=False", "UD-7", "After exit, the client takes no line"),
        ("daemon=True", "UD-7", "The line exit ends the client."),
        ("daemon=True", "UD-8", "The client's own port is another one"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_how_a_client_ends_is_told(
    arguments: str, key: str, note: str, tmp_path: Path
) -> None:
    program = prepare(CORRECT["a thread"], tmp_path / "x")
    source = program.folder / "common.py"
    source.write_text(source.read_text().replace("daemon=True", arguments))
    trial = Trial(bench_for(program), key)
    try:
        with pytest.raises(Info, match=note):
            await TASK.scenarios[key](trial, MANNERS)
    finally:
        trial.close()


@pytest.mark.long
@pytest_twisted.ensureDeferred
async def test_a_client_that_sends_exit_and_receives_is_told_so(tmp_path: Path) -> None:
    program = prepare(CORRECT["in turn, a fixed address"], tmp_path / "x")
    source = program.folder / "in_turn.py"
    source.write_text(source.read_text().replace('text == "exit"', "not text"))
    trial = Trial(bench_for(program), "UD-7")
    try:
        with pytest.raises(Info, match="The line exit is sent to the server like any other text"):
            await TASK.scenarios["UD-7"](trial, MANNERS)
    finally:
        trial.close()


@pytest.mark.long
@pytest.mark.parametrize("program", BROKEN, ids=lambda each: each.fails)
@pytest_twisted.ensureDeferred
async def test_broken_clients_fail_what_they_break(program: Program, tmp_path: Path) -> None:
    with pytest.raises(Failed):
        await judge(program, program.fails, tmp_path)
