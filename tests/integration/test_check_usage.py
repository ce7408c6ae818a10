"""The checker's command line where there is no verdict: nothing can be started, or Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checked import servers as checked_servers

CHECK = (sys.executable, "-m", "twisted_lab.check", "echo-server")
SILENT = "import time; print('started', flush=True); time.sleep(60)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--", "python server.py"),
            "cannot start python server.py: No such file or directory; leave out the quotes",
        ),
        (("--", sys.executable, "a.py"), f"cannot start {sys.executable}: there is no 'a.py' in "),
        (("--", "\x1b[2J"), r"cannot start \x1b[2J: No such file or directory"),
        (("--connect", "name.invalid:9"), "cannot find 'name.invalid': "),
    ],
)
def test_a_program_that_cannot_be_reached_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = subprocess.run(
        (*CHECK, *arguments), cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"twisted_lab.check: {said}")
    assert done.stderr.count("\n") == 1


# In a namespace that has no user but root, programs are not isolated, and need a folder of /tmp.
@pytest.mark.parametrize("prefix", [(), ("unshare", "-Ur")], ids=["isolated", "plain"])
def test_ctrl_c_ends_a_check_with_one_line(tmp_path: Path, prefix: tuple[str, ...]) -> None:
    if prefix and subprocess.run((*prefix, "true"), check=False).returncode:
        pytest.skip("this machine allows no namespaces")
    folder = tmp_path / "folder"
    folder.mkdir()
    check = subprocess.Popen(
        (*prefix, *CHECK, "--watch", "--", sys.executable, "-c", SILENT),
        cwd=folder,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with check:
        assert check.stderr is not None
        assert "learns" in check.stderr.readline()
        assert check.stderr.readline() == "ES-1   the server starts\n"
        check.send_signal(signal.SIGINT)
        said, complained = check.communicate(timeout=60)
    stopped = "twisted_lab.check: stopped after 0 of 28\n"
    assert (check.returncode, said, complained) == (130, "", stopped)
    assert list(tmp_path.iterdir()) == [folder]


def test_ctrl_c_shows_what_was_found_until_then(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    check = subprocess.Popen(
        (*CHECK, "--watch", "--json", str(report), "--", sys.executable, "sequential.py"),
        cwd=Path(checked_servers.__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with check:
        assert check.stderr is not None
        while "pass" not in check.stderr.readline():
            pass
        check.send_signal(signal.SIGINT)
        said, complained = check.communicate(timeout=60)
    assert check.returncode == 130
    assert said.startswith(f"echo-server: {sys.executable} sequential.py\n✓ pass         ES-1 ")
    assert "\nInterrupted before these were checked: ES-" in said
    assert "Nothing failed" not in said
    assert re.search(r"^twisted_lab.check: stopped after \d of 28\n\Z", complained, re.MULTILINE)
    assert report.read_text() == ""
