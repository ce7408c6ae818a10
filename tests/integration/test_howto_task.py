"""docs/howto-add-a-task.md, followed to the letter."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import BIN, DEADLINE, ENVIRONMENT, ROOT

PAGE = (ROOT / "docs" / "howto-add-a-task.md").read_text()
FILES = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def test_a_built_in_task_gets_the_requirement(folder: Path) -> None:
    servers = ROOT / "tests" / "checked" / "servers"
    options = ("--tasks", str(folder / "course.py"), "--only", "CO-1", "--strict")
    for file, status in (("common.py", 0), ("answer_upper.py", 1)):
        command = ("--folder", str(servers), "--", sys.executable, file)
        ended = run(folder, "-m", "twisted_lab.check", "echo-server", *options, *command)
        assert ended.returncode == status, ended.stdout + ended.stderr


def test_the_file_is_of_the_project_s_style(folder: Path) -> None:
    for check in (("check", "--ignore", "D"), ("format", "--check")):
        config = ("--config", str(ROOT / "pyproject.toml"))
        ended = run(folder, "-m", "ruff", *check, *config, "--no-cache", "course.py")
        assert ended.returncode == 0, ended.stdout


@pytest.mark.long
def test_the_file_s_types_are_right(folder: Path) -> None:
    ended = subprocess.run(
        [BIN / "mypy", "--config-file", ROOT / "pyproject.toml", folder / "course.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert ended.returncode == 0, ended.stdout
