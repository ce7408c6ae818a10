"""Hostile programs, through the checker's command line and its view of the kernel.

Each would do little harm even without a sandbox, and ends by itself.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.processes import ROOT
from tests.programs.sandboxed import PYTHON, read_until
from twisted_lab.check.kernel.snapshot import look
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.subjects.peer import MOST_RECEIVED

_PYTHON = PYTHON[:-1]
_BUSY = """
import ctypes, os, select, socket, sys, threading
libc = ctypes.CDLL(None)
def hide():
    libc.prctl(15, b"\\xd0\\x9f\\xff\\x1b[31m)\\n(", 0, 0, 0)  # its name
    libc.poll(ctypes.c_void_p(-4096), 0, -1)  # no address at all
threading.Thread(target=hide, daemon=True).start()
"""
_ATTACK = """
import ctypes, os, select, socket, sys
libc = ctypes.CDLL(None)
evil = "\\x1b]0;evil\\x07\\x1b[2J\\u202e\\x9b31m\\x00\\r"
sys.stdout.reconfigure(errors="surrogateescape")
port = input(f"{evil * 100}\\udcff Port{evil}: ")
open(f"log-{evil[:9]}\\udcff\\n.txt", "w").write(evil)
os.mkfifo("fifo.log")
listening = socket.create_server(("", int(port or 9090)))
print("listening", evil, flush=True)
if not os.fork():
    libc.prctl(15, b"\\x1b[2J\\xff", 0, 0, 0)
    select.select([], [], [], 60)
while True:
    connection, _ = listening.accept()
    try:
        while True:
            connection.sendall(evil.encode() * 10_000)
    except OSError:
        connection.close()
"""


def test_neither_data_without_end_nor_escape_sequences_harm_the_checker(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(_ATTACK)
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "twisted_lab.check", "echo-server", "--seed=7"]
    options = ["--only=ES-2", "--watch", f"--json={report}", f"--folder={tmp_path}"]
    ended = subprocess.run(
        [*command, *options, "--", *_PYTHON, "server.py"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    shown = (ended.stdout + ended.stderr).decode()
    assert "Traceback" not in shown
    assert not [char for char in shown if not char.isprintable() and char != "\n"]
    findings = {each["id"]: each["verdict"] for each in json.loads(report.read_text())["findings"]}
    assert findings["ES-1"] == "pass"
    assert findings["ES-2"] != "pass"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "server.py"]


_QUEUE = """
import threading
print("<end>", flush=True)
while not threading.Event().wait(0.5): pass
"""


def test_any_address_and_name_of_a_thread_may_be_looked_at(tmp_path: Path) -> None:
    with closing(open_sandbox(tmp_path, PYTHON)) as sandbox:
        child = sandbox.start([*PYTHON, _BUSY + _QUEUE])
        read_until(child, "<end>")
        for _ in range(1000):
            snapshot = look(child.pid)
            if snapshot.sleeps:
                break
            select.select([], [], [], 0.001)
        assert snapshot.sleeps, "a lock with a timeout is a sleep"
        assert snapshot.can_look
        os.close(child.terminal)


def test_what_the_checker_keeps_of_a_connection_is_bounded() -> None:
    assert MOST_RECEIVED <= 500_000  # a client that is checked may have 100 connections
