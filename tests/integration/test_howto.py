"""docs/howto-add-a-service.md, followed to the letter by a new user with a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import BIN, DEADLINE, ENVIRONMENT, ROOT, Server, connect, receive


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a copy of the project to which the document's files have been added."""
    hidden = (".git", ".venv", ".coverage*", ".hypothesis")
    ignored = shutil.ignore_patterns(*hidden, "*cache*", "_trial_temp*")
    shutil.copytree(ROOT, tmp_path, ignore=ignored, dirs_exist_ok=True)
    document = (ROOT / "docs" / "howto-add-a-service.md").read_text()
    for path, text in re.findall(r"```python\n# (\S+)\n(.*?)```", document, re.DOTALL):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a") as file:
            file.write(text)
        if path.startswith("twisted_lab/services/"):
            assert text.count("\n") <= 60
    return tmp_path


@pytest.mark.parametrize(
    "names",
    [
        ["tests.unit.test_quiz", "tests.unit.test_plugin", "tests.unit.test_netlab"],
        pytest.param(["tests.unit"], marks=pytest.mark.long),
    ],
)
def test_the_unit_tests_pass_with_the_new_one(project: Path, names: list[str]) -> None:
    said = subprocess.run(
        [BIN / "trial", *names],
        cwd=project,
        env={**ENVIRONMENT, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE,
    )
    assert "test_a_peer_who_leaves" in said.stdout
    assert said.returncode == 0, said.stdout


def test_the_service_runs(project: Path) -> None:
    command = (
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(project)!r}); "
        "from twisted.scripts.twistd import run; "
        "sys.argv = ['twistd', '-n', 'netlab-quiz', '--port', '0']; run()",
    )
    with Server(project, command=command) as server:
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
