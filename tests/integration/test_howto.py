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
    for folder in ("twisted_lab", "twisted"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*cache*"))
    document = (ROOT / "docs" / "howto-add-a-service.md").read_text()
    for path, text in re.findall(r"```python\n# (\S+)\n(.*?)```", document, re.DOTALL):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a") as file:
            file.write(text)
        if path.startswith("twisted_lab/services/"):
            assert text.count("\n") <= 60
    return tmp_path


def test_the_documents_test_passes(project: Path) -> None:
    for folder in (project / "tests", project / "tests" / "unit"):
        (folder / "__init__.py").touch()
    said = subprocess.run(
        [BIN / "trial", "tests.unit.test_quiz"],
        cwd=project,
        env={**ENVIRONMENT, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert "PASSED (successes=3)" in said.stdout, said.stdout


def test_the_service_runs(project: Path) -> None:
    command = (
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(project)!r}); "
        "from twisted.scripts.twistd import run; "
        "sys.argv = ['twistd', '-n', 'netlab-quiz', '--port', '0']; run()",
    )
    with Server(project, command=command) as server:
        with connect(server.wait_for_port()) as client:
            assert receive(client, 53) == b"Which protocol keeps the order of bytes, TCP or UDP?\n"
            client.sendall(b"tcp\n")
            assert receive(client, 7) == b"Right!\n"
        assert server.stop() == 0
