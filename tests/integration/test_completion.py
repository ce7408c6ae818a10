"""Completion of `netlab` in real shells: keys are typed, and the shell shows what it would run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pexpect
import pytest

from tests.processes import DEADLINE, ENVIRONMENT, ROOT


class Shell(NamedTuple):
    """How to start a shell that reads nothing of its user's, and has it read the script."""

    start: tuple[str, ...]
    prepare: str


_PROGRAM = "from twisted_lab.command.dispatch import main; main()"
# Each has a function instead of the program, which shows its arguments.
_SHOW = "netlab() { printf '<%s>' \"$@\"; echo; }"
SHELLS = {
    "bash": Shell(
        ("bash", "--norc", "--noprofile", "-i"), f"source ./script; {_SHOW}; PS1='rea''dy> '"
    ),
    "zsh": Shell(
        ("zsh", "-f", "-i"),
        f"autoload -U compinit; compinit -u -d dump; source ./script; {_SHOW}; PS1='rea''dy> '",
    ),
    "fish": Shell(
        ("fish", "--no-config"),
        "source ./script; function netlab; printf '<%s>' $argv; echo; end; "
        "function fish_prompt; echo -n 'rea''dy> '; end",
    ),
}
# What is typed, and the arguments that it becomes.
LINES = {
    "ru\tec\t--log-fo\tj\t": "<run><echo><--log-format><json>",
    "run echo --log-format=j\t": "<run><echo><--log-format><json>",
    "run --echo-up\t": "<run><--echo-upper>",
    "run messages --log-file ev\t": "<run><messages><--log-file><events of mine>",
    "run messages --port ev\t": "<run><messages><--port><ev>",
    "client --port 9090 --framing t\tmes\t": "<client><--port><9090><--framing><text><messages>",
    "check cl\t--anon\tsub\t": "<check><class><--anonymous><submissions>",
    "check echo-s\t--st\t-- cat ev\t": "<check><echo-server><--strict><--><cat><events of mine>",
    "client --host local\tchat\t": "<client><--host><localhost><chat>",
    "faults --toxic lo\t--watch": "<faults><--toxic><loss><--watch>",
    "check --explain ES-12\t": "<check><--explain><ES-12>",
    "acc\trev\t": "<accounts><revoke>",
    "control log\t": "<control><log-level>",
    "completion f\t": "<completion><fish>",
    "nothing\t": "<nothing>",
}


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_completes_words_options_and_values(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    script = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "completion", name],
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    (tmp_path / "script").write_bytes(script)
    (tmp_path / "events of mine").touch()
    (tmp_path / "submissions").mkdir()
    shell = SHELLS[name]
    environment = {"PATH": ENVIRONMENT["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    child = pexpect.spawn(
        shell.start[0],
        list(shell.start[1:]),
        cwd=tmp_path,
        env=environment,
        encoding="utf-8",
        timeout=DEADLINE,
        dimensions=(24, 200),
    )
    child.sendline(shell.prepare)
    for typed, arguments in LINES.items():
        child.expect_exact("ready> ")  # Keys that come earlier are not the line editor's.
        child.sendline(f"netlab {typed}")
        child.expect(r"(<[^\r\n]+>)\r")
        assert isinstance(child.match, re.Match)
        assert child.match.group(1).replace("=", "><").replace("/>", ">") == arguments, child.before
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
