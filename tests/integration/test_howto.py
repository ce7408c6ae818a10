"""docs/howto-add-a-service.md, followed to the letter by a new user with a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import BIN, DEADLINE, ENVIRONMENT, ROOT, Server, connect, receive

PAGE = (ROOT / "docs" / "howto-add-a-service.md").read_text()
INSIDE = PAGE.partition("## In a package of your own")[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a copy of the project to which the document's files have been added."""
    hidden = (".git", ".venv", ".coverage*", ".hypothesis", "_trial_temp*")
    caches = ("__pycache__", ".pytest_cache", ".ruff_cache", ".import_linter_cache", "dropin.cache")
    # With mypy's cache, it checks only what is new.
    ignored = shutil.ignore_patterns(*hidden, *caches)
    shutil.copytree(ROOT, tmp_path, ignore=ignored, dirs_exist_ok=True)
    for path, text in re.findall(r"```python\n# (\S+)\n(.*?)```", INSIDE, re.DOTALL):
        with (tmp_path / path).open("a") as file:
            file.write(text)
        if path.startswith("twisted_lab/services/"):
            assert text.count("\n") <= 70
    return tmp_path


def run(project: Path, *command: str | Path) -> str:
    said = subprocess.run(
        command,
        cwd=project,
        env={**ENVIRONMENT, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def serve(project: Path, *arguments: str) -> Server:
    """Start a service of the copy, not of the installed project."""
    program = (
        f"import sys; sys.path.insert(0, {str(project)!r}); "
        "from twisted.scripts.twistd import run; "
        f"sys.argv = ['twistd', '-n', *{arguments!r}, '--port', '0']; run()"
    )
    return Server(project, command=(sys.executable, "-c", program))


def test_the_unit_tests_pass_with_the_new_ones(project: Path) -> None:
    # These know the services of plugins.
    names = ("quiz", "guess", "plugin", "netlab", "client")
    said = run(project, BIN / "trial", *[f"tests.unit.test_{name}" for name in names])
    assert "test_a_peer_who_leaves" in said
    assert "test_the_worst_scores_are_forgotten" in said


def test_the_style_is_that_of_the_project(project: Path) -> None:
    files = re.findall(r"```python\n# (\S+)\n", INSIDE)
    run(project, BIN / "ruff", "check", "--no-cache", *files)
    run(project, BIN / "ruff", "format", "--no-cache", "--check", *files)


@pytest.mark.long
def test_types_and_layers_are_those_of_the_project(project: Path) -> None:
    run(project, BIN / "mypy")
    run(project, BIN / "lint-imports", "--no-cache")


def test_the_quiz_runs(project: Path) -> None:
    with serve(project, "netlab-quiz") as server:
        port = server.wait_for_port()
        with connect(port) as client:
            assert receive(client, 53) == b"Which protocol keeps the order of bytes, TCP or UDP?\n"
            client.sendall(b"tcp\n")
            assert receive(client, 7) == b"Right!\n"
        # Our client knows it by its plugin.
        said = subprocess.run(
            [sys.executable, "-m", "twisted_lab.client", "quiz", "-q", "--port", str(port)],
            cwd=project,
            env={**ENVIRONMENT, "PYTHONPATH": str(project)},
            input=b"tcp\n16\n9090\n",
            capture_output=True,
            timeout=DEADLINE,
        )
        assert said.stdout.endswith(b"3 of 3 were right. Goodbye!\n"), said
        assert server.stop() == 0
