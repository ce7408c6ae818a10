"""A service in a distribution of its own, which comes, goes and comes back; it is the how-to's."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes import BIN, DEADLINE, ENVIRONMENT, ROOT, Server, connect, receive_all

PAGE = (ROOT / "docs" / "howto-add-a-service.md").read_text()
PLACES = {
    "twisted_lab/services/guess.py": "guessing_game/guess.py",
    "twisted_lab/services/guess_scores.py": "guessing_game/guess_scores.py",
    "tests/unit/test_guess.py": "guessing_game/test_guess.py",
}


# All take the folder that one worker of pytest-xdist has filled.
pytestmark = pytest.mark.xdist_group("package outside")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the distribution into a folder, which a process sees if that is on its path."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    inside, _, outside = PAGE.partition("## In a package of your own")
    files = {
        PLACES[path]: text.replace("twisted_lab.services", "guessing_game")
        for path, text in re.findall(r"```python\n# (\S+)\n(.*?)```", inside, re.DOTALL)
        if path in PLACES
    }
    files |= dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", outside, re.DOTALL))
    assert len(files) == 5
    for path, text in {"guessing_game/__init__.py": "", **files}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index"),
        *("--no-deps", "--no-build-isolation", "--target", target, source),
        path=source,
    )
    return target


def run(*command: str | Path, path: Path) -> str:
    said = subprocess.run(
        command,
        cwd=path,
        env={**ENVIRONMENT, "PYTHONPATH": str(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
    )
    assert said.returncode == 0, said.stdout
    return said.stdout


def win(port: int, *guesses: int) -> str:
    """Play, and return the last message."""
    with connect(port) as client:
        for guess in guesses:
            client.sendall(f"{guess}\n".encode())
        return receive_all(client).decode().splitlines()[-1]


def test_its_own_test_passes(installed: Path) -> None:
    assert "PASSED (successes=4)" in run(BIN / "trial", "guessing_game.test_guess", path=installed)


def test_alone(installed: Path, tmp_path: Path) -> None:
    own = ("netlab-guess", "--port", "0", "--highest", "1")
    metrics = ("--metrics", "tcp:0:interface=127.0.0.1")
    with Server(tmp_path, *own, *metrics, environment={"PYTHONPATH": str(installed)}) as server:
        page = server.wait_for(r"netlab-metrics#info\] listening on (\S+)")[1]
        assert win(server.wait_for_port(), 0, 1) == "Right! Guesses: 2. Your best: 2."
        with urllib.request.urlopen(f"http://{page}/metrics", timeout=DEADLINE) as answer:
            assert b'netlab_games_won_total{service="netlab-guess"} 1.0' in answer.read()
        assert server.stop() == 0


def test_in_the_group_it_comes_goes_and_comes_back(installed: Path, tmp_path: Path) -> None:
    group = ("netlab", "--base-port", "0", "--only")
    game = (*group, "guess,ident", "--highest", "9", "--guess-highest", "1")
    with_it = {"PYTHONPATH": str(installed)}
    with Server(tmp_path, *game, environment=with_it) as server:
        port = int(server.wait_for(r"netlab-guess#info\] listening on \S+:(\d+)")[1])
        assert win(port, 0, 1) == "Right! Guesses: 2. Your best: 2."
        assert server.stop() == 0
    with Server(tmp_path, *group, "ident") as server:
        server.wait_for_port()
        assert server.stop() == 0
    with Server(tmp_path, *group, "guess") as server:
        server.wait_for("expected services among .*, not 'guess'")
        assert server.wait() == 2
    with closing(sqlite3.connect(tmp_path / "netlab.sqlite3")) as file:
        versions = dict(file.execute("SELECT package, version FROM schema_versions"))
        assert versions == {"guess": 1, "known_peers": 2}
    with Server(tmp_path, *game, environment=with_it) as server:
        port = int(server.wait_for(r"netlab-guess#info\] listening on \S+:(\d+)")[1])
        assert win(port, 0, 0, 1) == "Right! Guesses: 3. Your best: 2."
        assert server.stop() == 0
