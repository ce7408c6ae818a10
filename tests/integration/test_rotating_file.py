"""Several real processes that write and constantly rotate one log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.processes import DEADLINE, ENVIRONMENT

PROCESSES = 4
LINES = 3000
# A rotation with 1,000 names to check takes long, so that the others run into it. Each write has
# one to seven lines, so that the files are full at different moments.
WRITER = f"""
import sys
from twisted_lab.eventlog.rotating_file import RotatingFile

def cannot_rotate(error):
    raise error

file = RotatingFile(sys.argv[2], 2000, 1000, cannot_rotate)
print("ready", flush=True)
sys.stdin.readline()
number = 0
while number < {LINES}:
    more = range(number, min(number + number % 7 + 1, {LINES}))
    file.write([f"{{sys.argv[1]}} {{count:05}}\\n".encode() for count in more])
    number = more.stop
file.close()
"""


def writer_process(directory: Path, name: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(name), str(directory / "events.log")],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_sharing_a_file_lose_tear_and_repeat_no_line(tmp_path: Path) -> None:
    writers = [writer_process(tmp_path, name) for name in range(PROCESSES)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, trouble = writer.communicate(timeout=DEADLINE)
        assert (writer.returncode, trouble) == (0, "")
    # A process alone begins a new file every 2,000 bytes, whatever the scheduler did before.
    alone = writer_process(tmp_path, PROCESSES)
    _, trouble = alone.communicate("go\n", timeout=DEADLINE)
    assert (alone.returncode, trouble) == (0, "")
    files = [path.read_text() for path in tmp_path.iterdir()]
    lines = sorted(line for text in files for line in text.splitlines())
    assert lines == [
        f"{name} {count:05}" for name in range(PROCESSES + 1) for count in range(LINES)
    ]
    assert len(files) > LINES * 8 // 2000
