"""Our programs in a directory whose files have the names of Python's modules."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import DEADLINE, ENVIRONMENT, ROOT

NAMES = (
    "argon2",
    "getpass",
    "hashlib",
    "json",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "ssl",
    "twisted",
)


def python(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in NAMES:
        (directory / f"{name}.py").write_text(f"raise SystemExit('a student\\'s own {name}.py')")
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=DEADLINE,
        check=False,
    )


@pytest.mark.parametrize("module", ["client", "accounts", "check", "control", "faults", "show"])
@pytest.mark.parametrize("flags", [("-m",), ("-Bm",), ("-P", "-m")])
def test_modules_in_the_directory_are_not_imported(
    tmp_path: Path, module: str, flags: tuple[str, ...]
) -> None:
    end = python(tmp_path, *flags, f"twisted_lab.{module}", "--version")
    assert end.stderr == ""
    assert end.stdout.startswith("twisted_lab ")


def test_modules_are_not_imported_when_started_by_full_path(tmp_path: Path) -> None:
    end = python(tmp_path, "-m", "twisted_lab.client.__main__", "--version")
    assert (end.stdout[:12], end.stderr) == ("twisted_lab ", "")


@pytest.mark.parametrize("module", ["client", "accounts", "control"])
def test_a_python_without_our_modules_is_one_line(tmp_path: Path, module: str) -> None:
    (tmp_path / "internet").mkdir()
    (tmp_path / "twisted").symlink_to(tmp_path)
    for missing, path in (("twisted", ROOT), ("argon2", f"{tmp_path}:{ROOT}")):
        # -S: without site-packages.
        end = subprocess.run(
            [sys.executable, "-S", "-m", f"twisted_lab.{module}"],
            cwd="/",
            capture_output=True,
            text=True,
            env={**ENVIRONMENT, "PYTHONPATH": str(path)},
            check=False,
        )
        assert (end.returncode, end.stdout) == (1, "")
        assert end.stderr == (
            f"No module named '{missing}' for this Python; `make run` sets up one that has all "
            f"modules: {ROOT}/.venv/bin/python -m twisted_lab.{module}. Without make, "
            f"`python -m pip install .` in {ROOT} installs them.\n"
        )


def test_a_removed_directory_is_one_line(tmp_path: Path) -> None:
    (directory := tmp_path / "gone").mkdir()
    gone, python = shlex.quote(str(directory)), shlex.quote(sys.executable)
    script = f"rmdir {gone}; exec {python} -m twisted_lab.accounts list"
    end = subprocess.run(
        ["/bin/sh", "-c", script], cwd=directory, capture_output=True, text=True, check=False
    )
    assert (end.returncode, end.stdout) == (1, "")
    assert end.stderr == (
        "twisted_lab.accounts: the current directory was removed: change to another one\n"
    )


def test_a_students_program_keeps_its_directory(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("def hello(): return 'hello'")
    (tmp_path / "program.py").write_text(
        "import twisted_lab; from hello import hello; print(hello())"
    )
    package = tmp_path / "package"
    package.mkdir()
    # Python imports this while it is still looking for the module.
    (package / "__init__.py").write_text("import twisted_lab")
    (package / "__main__.py").write_text("from hello import hello; print(hello())")
    for arguments in (("program.py",), ("-m", "program"), ("-m", "package"), ("-mpackage",)):
        end = python(tmp_path, *arguments)
        assert (end.stdout, end.stderr) == ("hello\n", "")
    end = python(tmp_path, "-c", "import twisted_lab; from hello import hello; print(hello())")
    assert (end.stdout, end.stderr) == ("hello\n", "")
