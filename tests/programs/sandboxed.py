"""Runs a Python program in a sandbox, and tells what happened there as JSON.

By hand: `python -m tests.programs.sandboxed [--plain] FILE|- [ARGUMENT...]`
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted_lab.check.sandbox.limits import DEFAULT_LIMITS, Limits
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.sandbox.remote import RemoteSandbox
from twisted_lab.check.sandbox.sandbox import Child, Sandbox

# Root's programs run as another user, which may not be able to reach this interpreter.
_FOR_ALL = Path("/usr/bin/python3")
PYTHON = (str(_FOR_ALL if _FOR_ALL.exists() else sys.executable), "-I", "-S", "-c")
DEADLINE = 30  # s
MOST_OUTPUT = 100_000


@dataclass
class Result:
    """The result of a program in a sandbox."""

    lacks: tuple[str, ...]
    status: int
    output: str
    files: dict[str, str]
    incidents: tuple[str, ...]


def plain_sandbox(folder: Path, command: tuple[str, ...], limits: Limits) -> Sandbox:
    return RemoteSandbox(folder, command, limits, is_isolated=False)


def wait(child: Child) -> int:
    """Wait until a program ends; return its status."""
    ended, _, _ = select.select([child.process], [], [], DEADLINE)
    assert ended, "the program did not end"
    status = child.status()
    assert status is not None
    return status


def read_until(child: Child, end: str) -> str:
    """Return what a program prints until and with `end`, or all of it if that does not come."""
    output = b""
    deadline = time.monotonic() + DEADLINE
    while end.encode() not in output and len(output) < MOST_OUTPUT:
        if select.select([child.terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            with suppress(OSError):  # no process has the terminal open
                if part := os.read(child.terminal, 65536):
                    output += part
                    continue
        break
    return output.decode(errors="replace").replace("\r\n", "\n")


def run(
    source: str,
    *arguments: str,
    limits: Limits = DEFAULT_LIMITS,
    folder: Path | None = None,
    is_plain: bool = False,
) -> Result:
    """Run a program until it ends."""
    opening = plain_sandbox if is_plain else open_sandbox
    with (
        TemporaryDirectory() as empty,
        closing(opening(folder or Path(empty), PYTHON, limits)) as box,
    ):
        child = box.start([*PYTHON, source, *arguments])
        output = read_until(child, "<end>")
        status = wait(child)
        os.close(child.terminal)
        files = {name: content[:1000].decode("latin-1") for name, content in box.files().items()}
        return Result(box.lacks, status, output, files, box.incidents())


if __name__ == "__main__":
    is_plain = sys.argv[1] == "--plain"
    program, *arguments = sys.argv[2 if is_plain else 1 :]
    source = sys.stdin.read() if program == "-" else Path(program).read_text()
    result = run(source, *arguments, is_plain=is_plain)
    print(json.dumps(asdict(result)))
