"""A class is checked: processes, sandboxes, Ctrl-C and a second run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from twisted_lab.check.sandbox.limits import DEFAULT_LIMITS
from twisted_lab.check.sandbox.remote import NotAllowed, RemoteSandbox

ENDS = "import socket\nprint('bind() listen() accept()')\nsocket.bind()\n"
COMMAND = (sys.executable, "-m", "twisted_lab.check", "class")


@pytest.fixture(autouse=True)
def _isolation(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    try:
        RemoteSandbox(folder, ("true",), DEFAULT_LIMITS, is_isolated=True).close()
    except NotAllowed as reason:
        pytest.skip(f"this machine allows no isolation: {reason}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Submissions that all end at once."""
    folder = tmp_path / "submissions"
    for name, files in {
        "anna": {"nested/server.py": ENDS},
        "berta": {"check.toml": "[server", "server.py": ENDS},
        "boris": {"readme.txt": "later"},
        "clara": {"check.toml": "[server]\ninterpreter = 'zzzzzz'", "server.py": ENDS},
        "\x1b[2J": {"server.c": "bind(); listen();"},
    }.items():
        for path, text in files.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text)
    return folder


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*COMMAND, str(folder), "--task=echo-server", f"--report={folder.parent / 'r'}", *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_second_run_checks_only_what_has_changed(folder: Path) -> None:
    (folder / "lab.zip").touch()
    (folder / "boris" / "lab.zip").touch()
    (folder / "anna" / "old.zip").touch()  # nothing is missing there
    (folder / "verdicts.toml").write_text("[anna.echo-server]\nES-1 = 'pass: seen'\n")
    first = check(folder)
    assert first.returncode == 0
    no_report = "clara  echo-server: not checked: cannot start zzzzzz: No such file or directory\n"
    assert sorted(first.stderr.splitlines(keepends=True)) == [
        "anna  echo-server: 0 passed, 1 failed (nested/server.py)\n",
        no_report,
        r"twisted_lab.check class: \x1b[2J  echo-server: not checked: 'server.c' has to be built "
        "first: check.toml can say how\n",
        "twisted_lab.check class: anna  echo-server: No port of the server is open: it ended with "
        "AttributeError: module 'socket' has no attribute 'bind'.\n",
        "twisted_lab.check class: berta  echo-server: not checked: check.toml: Expected ']' at the "
        "end of a table declaration (at end of document)\n",
        "twisted_lab.check class: boris  echo-server: not checked: 'lab.zip' has to be unpacked "
        "first\n",
        f"twisted_lab.check class: {no_report}",
        "twisted_lab.check class: no folder holds these files: lab.zip, verdicts.toml; unpack "
        "archives into folders\n",
        "twisted_lab.check class: programs are missing beside these archives: boris/lab.zip; "
        "unpack those that hold one\n",
    ]
    table, _legend, paths = first.stdout.split("\n\n")
    assert [line.split() for line in table.splitlines()] == [
        ["echo-server"],
        [r"\x1b[2J", "?"],
        ["anna", "0", "0✓", "1✗", "0!", "0-"],
        ["berta", "?"],
        ["boris", "?"],
        ["clara", "?"],
    ]
    assert [Path(path).name for path in paths.split()] == ["index.html", "results.csv", "junit.xml"]
    assert all(Path(path).is_file() for path in paths.split())
    assert "no folder holds these files: lab.zip" in Path(paths.split()[0]).read_text()
    shutil.rmtree(folder / "clara")
    (folder / "lab.zip").unlink()
    (folder / "boris" / "lab.zip").unlink()
    again = check(folder, f"--verdicts={folder / 'verdicts.toml'}")
    assert again.returncode == 0
    broken, left, wrong = again.stderr.splitlines()
    assert "not checked" in broken
    assert "not checked" in wrong
    assert left.startswith("twisted_lab.check class: anna  echo-server: ES-2, ES-3, ")
    assert left.endswith("give verdicts on them, too, with --verdicts")
    assert again.stdout.split("\n")[2].split() == ["anna", "1*", "1✓", "0✗", "0!", "0-"]
    assert again.stdout.split("\n")[3:4] == first.stdout.split("\n")[3:4]
    without = check(folder).stderr.splitlines()
    lost = "the report before had 1 verdict by hand: --verdicts FILE keeps it"
    assert f"twisted_lab.check class: {lost}" in without


def test_ctrl_c_ends_it_and_the_next_run_goes_on(folder: Path) -> None:
    (folder / "berta" / "check.toml").write_text("")
    shutil.rmtree(folder / "clara")
    (folder / "berta" / "server.py").write_text("import time\nprint('bind()')\ntime.sleep(600)\n")
    process = subprocess.Popen(
        (*COMMAND, str(folder), "--task=echo-server", f"--report={folder.parent / 'r'}"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("anna")
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert rest == "twisted_lab.check class: interrupted; the next run goes on here\n"
    assert process.returncode == 130
    [stored] = (folder.parent / "r").rglob("*.json")
    assert json.loads(stored.read_text())["programs"][0]["report"]["counts"]["fail"] == 1


def test_a_machine_without_isolation_is_refused(folder: Path) -> None:
    prefix = ("unshare", "-Ur")  # no other user is there to run programs as
    if os.geteuid() or subprocess.run((*prefix, "true"), check=False).returncode:
        pytest.skip("only root can lose the other users here")
    done = subprocess.run(
        (*prefix, *COMMAND, str(folder)), cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "twisted_lab.check class: programs of others are checked in isolation only"
    )
    assert done.stderr.count("\n") == 1


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("gcc"), reason="there is no C compiler")
def test_a_program_is_built_in_a_sandbox(tmp_path: Path) -> None:
    folder = tmp_path / "submissions"
    (folder / "anna").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "checked" / "servers" / "echo.c", folder / "anna" / "server.c")
    outside = tmp_path / "outside"
    outside.touch()
    (folder / "anna" / "link").symlink_to(outside)
    build = f"gcc -o server server.c && echo x > {outside}; rm link; echo x > link; test -x server"
    toml = f"[server]\nfile = 'server'\nbuild = '{build}'\n"
    (folder / "anna" / "check.toml").write_text(toml)
    (folder / "berta").mkdir()
    (folder / "berta" / "check.toml").write_text(
        "[server]\nfile = 'server'\nbuild = 'echo no; echo an error; false'\n"
    )
    done = check(folder)
    lines = sorted(done.stderr.splitlines())
    assert lines[0].endswith(" 0 failed (server)"), done.stderr
    assert lines[1] == "berta  echo-server: not checked: the build command failed: an error"
    assert outside.read_text() == ""
    assert {each.name for each in (folder / "anna").iterdir()} == {"server.c", "check.toml", "link"}


@pytest.mark.long
def test_all_that_a_build_makes_is_there_or_it_failed(tmp_path: Path) -> None:
    folder = tmp_path / "submissions"
    for name, megabytes in (("anna", 5), ("berta", 34)):
        (folder / name).mkdir(parents=True)
        build = f"head -c {megabytes}000000 /dev/zero > data; cp server.py server; chmod +x server"
        (folder / name / "check.toml").write_text(f"[server]\nfile = 'server'\nbuild = '{build}'\n")
        (folder / name / "server.py").write_text(
            "#!/usr/bin/env python3\nimport os\nprint(os.path.getsize('data'))\n"
        )
    done = check(folder)
    lines = sorted(done.stderr.splitlines())
    assert lines[0] == "anna  echo-server: 0 passed, 1 failed (server)"
    assert lines[1].endswith("not checked: the build made 200 files or 32 MB, or more")
    stored = (tmp_path / "r" / "checks" / "anna" / "echo-server.json").read_text()
    assert "5000000" in stored
