"""The commands of a first `make`, in a dry run."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.processes import ROOT


def dry_run(*arguments: str) -> str:
    """Return the commands of make on a fresh machine."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make")
    command = (make, "--dry-run", "--always-make", "--no-print-directory", *arguments)
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_make_run_installs_what_the_services_need_and_serves_this_machine() -> None:
    commands = dry_run("run")
    assert "install --editable '.'" in commands
    assert "[dev]" not in commands
    assert "--quiet" not in commands
    assert "twistd -n netlab --interface 127.0.0.1" in commands


def test_make_run_can_serve_other_machines() -> None:
    assert "netlab --interface 0.0.0.0" in dry_run("run", "INTERFACE=0.0.0.0")


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "Только для этой машины"),
        ({"LANG": "ru"}, "Только для этой машины"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "For this machine alone"),
        ({}, "For this machine alone"),
    ],
)
def test_make_run_tells_in_the_language_of_the_locale_who_can_connect(
    locale: dict[str, str], told: str
) -> None:
    start, rest = dry_run("run").partition("[ 127.0.0.1 != ")[1:]
    command = start + rest.partition("esac")[0] + "esac"
    said = subprocess.run(("/bin/sh", "-c", command), env=locale, check=True, capture_output=True)
    assert said.stdout.decode().startswith(told)
    assert "make run INTERFACE=0.0.0.0" in said.stdout.decode()


@pytest.mark.parametrize("target", ["run", "lecture"])
def test_an_empty_interface_is_one_line(target: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        dry_run(target, "INTERFACE=")
    assert "INTERFACE is empty: give an address" in failed.value.stderr
    assert failed.value.stderr.count("\n") == 1


def test_options_are_passed_on() -> None:
    assert "127.0.0.1 --log-file x\n" in dry_run("run", "OPTIONS=--log-file x")
    assert 'OPTIONS="--log-file x"' in (ROOT / "Makefile").read_text().partition("\ntest:")[0]


def test_options_are_not_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONS", "--log-file x")
    assert "--log-file" not in dry_run("run")


def test_make_lecture_serves_the_clients_of_the_lecture() -> None:
    assert "twistd -n netlab --interface 127.0.0.1 --lecture" in dry_run("lecture")
    commands = dry_run("lecture", "INTERFACE=0.0.0.0", "OPTIONS=--log-file x")
    assert "--interface 0.0.0.0 --lecture --log-file x\n" in commands
    assert "make lecture INTERFACE=0.0.0.0" in commands


def test_make_wheel_installs_no_more_than_what_the_services_need() -> None:
    commands = dry_run("wheel")
    assert "pip --disable-pip-version-check --quiet wheel" in commands
    assert "[dev]" not in commands


def test_make_test_installs_what_the_tests_need() -> None:
    commands = dry_run("test")
    assert commands.index("install --editable '.'") < commands.index("install --editable '.[dev]'")
