"""The checker as a command, with real programs."""

from __future__ import annotations

import json
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_twisted

from tests.checked.servers.manifest import NO_ECHO
from tests.processes import DEADLINE, ROOT
from tests.programs.checked import Program, bench_for, broken, correct, mistaken, prepare
from twisted_lab.check import checking
from twisted_lab.check.bench import Bench
from twisted_lab.check.outcomes import Failed, NotChecked, Outcome
from twisted_lab.check.scenarios import echo_server
from twisted_lab.check.scenarios.echo_server.clients import survives_connect_and_leave
from twisted_lab.check.task import Task
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Finding, Verdict

SERVERS = ROOT / "tests" / "checked" / "servers"
CLIENTS = ROOT / "tests" / "checked" / "clients"

# The long tests check these of each program, and what they need; `make check-repeat` checks all.
SOME = {
    "echo-server": "ES-2,ES-11",
    "echo-client": "EC-3",
    "identification": "ID-2",
    "authentication": "AU-3",
    "length-header": "LN-3",
    "dialogue": "DG-3",
    "udp-chat": "UC-2",
    "udp-chat-client": "UD-3",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twisted_lab.check", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def test_a_correct_server_passes(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ("--seed", "7", "--only", "ES-4,ES-11", "--json", str(report))
    ended = run(
        "echo-server", *options, "--folder", str(SERVERS), "--", sys.executable, "common.py"
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    content = json.loads(report.read_text())
    # ES-4 and ES-11 need the other two.
    found = {each["id"]: each["verdict"] for each in content["findings"]}
    assert found == dict.fromkeys(("ES-1", "ES-2", "ES-4", "ES-11"), "pass")
    assert (content["format"], content["seed"], content["status"]) == (1, 7, 0)
    assert content["behaviour"] == ["It returns a text as it was."]


def test_a_broken_server_fails_with_what_was_seen(tmp_path: Path) -> None:
    formats = ("json", "html", "junit", "gradescope", "progress")
    files = [f"--{each}={tmp_path / each}" for each in formats]
    options = ("--only", "ES-11", "--folder", str(SERVERS), *files)
    ended = run("echo-server", *options, "--", sys.executable, "broken_es_11.py")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "ES-11  M" in ended.stdout
    assert "client 1 leaves in order (FIN)" in ended.stdout
    assert "The server did not serve client 2: it had ended with status 0." in ended.stdout
    assert "next ES-11" in ended.stderr
    for each in formats:
        assert "ES-11" in (tmp_path / each).read_text()


@pytest.mark.long
def test_an_empty_file_of_data_is_no_log(tmp_path: Path) -> None:
    source = "import socketserver\nopen('names.txt', 'w')\n"
    server = "socketserver.TCPServer(('', 9090), socketserver.StreamRequestHandler)"
    (tmp_path / "server.py").write_text(f"{source}{server}.serve_forever()\n")
    options = ("--only", "ES-26", "--json", "-", "--folder", str(tmp_path))
    ended = run("echo-server", *options, "--", sys.executable, "server.py")
    found = {each["id"]: each["verdict"] for each in json.loads(ended.stdout)["findings"]}
    assert found == {"ES-1": "pass", "ES-26": "not offered"}


def test_a_report_that_cannot_be_written_is_known_before_the_check(tmp_path: Path) -> None:
    path = tmp_path / "none" / "page.html"
    ended = run("echo-server", f"--html={path}", "--", "true")
    assert ended.returncode == 2
    assert (
        ended.stderr
        == f"twisted_lab.check: cannot write {str(path)!r}: No such file or directory\n"
    )


def test_a_correct_client_passes() -> None:
    options = ("--only", "EC-3", "--folder", str(CLIENTS), "--json", "-")
    ended = run("echo-client", *options, "--", sys.executable, "good.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = {each["id"]: each["verdict"] for each in json.loads(ended.stdout)["findings"]}
    assert found == dict.fromkeys(("EC-1", "EC-3"), "pass")


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


@pytest.fixture
def port() -> Iterator[int]:
    """The port of an echo server that the checker does not start."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_server_of_somebody_else_is_checked(port: int) -> None:
    options = ("--connect", f"127.0.0.1:{port}", "--only", "ES-4,ES-23", "--json", "-")
    ended = run("echo-server", *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = {each["id"]: each["verdict"] for each in json.loads(ended.stdout)["findings"]}
    assert found.pop("ES-23") == "not checked"
    assert found == dict.fromkeys(("ES-1", "ES-2", "ES-4"), "pass")


def test_what_could_not_be_checked_shows_in_the_status(port: int) -> None:
    ended = run("echo-server", "--connect", f"127.0.0.1:{port}", "--only", "ES-23", "--strict")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "The checker did not start the server." in ended.stdout


@pytest.mark.parametrize(("clients", "outcome"), [(0, NotChecked), (1, Failed)])
@pytest_twisted.ensureDeferred
async def test_a_server_of_somebody_else_is_blamed_for_its_end_once(
    clients: int, outcome: type[Outcome]
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    bench = replace(bench_for(next(iter(correct()))), address=listener.getsockname())

    def serve() -> None:
        with listener:
            for _ in range(clients):
                listener.accept()[0].close()

    thread = threading.Thread(target=serve)
    thread.start()
    if not clients:
        thread.join()  # nobody listens any more
    trial = Trial(bench, "ES-13")
    with pytest.raises(outcome):
        await survives_connect_and_leave(trial, Manners())
    trial.close()
    thread.join()


def test_wrong_usage_is_one_line() -> None:
    ended = run("echo-server", "--only", "ES-99", "--", "python", "server.py")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1


def at_once(task: Task, manners: Manners) -> Task:
    """Return a task that learns nothing and judges nothing first: `make check-repeat` does."""

    async def learn(_: Bench) -> Manners:
        return manners

    requirements = tuple(replace(each, needs=()) for each in task.requirements)
    return replace(task, learn=learn, requirements=requirements)


async def judged(program: Program, folder: Path, only: str) -> dict[str, Finding]:
    """Check some requirements of a program, and return the findings by their ids."""
    program = prepare(program, folder / "x")
    wanted = tuple(only.split(","))
    task = program.task if program.manners is None else at_once(program.task, program.manners)
    bench = bench_for(program)
    report = await checking.check(bench, task, wanted, lambda *_: None, lambda _: None)
    return {each.requirement.id: each for each in report.findings}


def shown(findings: dict[str, Finding], *verdicts: Verdict) -> dict[str, str]:
    return {
        key: f"{each.verdict.value}: {each.evidence.note}"
        for key, each in findings.items()
        if each.verdict in verdicts
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "program", [each for each in correct() if each.is_in_gate], ids=lambda each: each.name
)
@pytest_twisted.ensureDeferred
async def test_correct_programs_are_not_blamed(program: Program, tmp_path: Path) -> None:
    findings = await judged(program, tmp_path, SOME[program.task.name])
    blamed = shown(findings, Verdict.FAIL, Verdict.FLAKY)
    assert set(blamed) <= program.lacks, blamed
    if program.task is echo_server.TASK:
        is_echo = findings["ES-2"].verdict is Verdict.PASS
        assert is_echo != (program.name.removeprefix("echo-server: ") in NO_ECHO)


@pytest.mark.long
@pytest.mark.parametrize(
    "program", [each for each in broken() if each.is_in_gate], ids=lambda each: each.name
)
@pytest_twisted.ensureDeferred
async def test_broken_programs_fail_what_they_break(program: Program, tmp_path: Path) -> None:
    findings = await judged(program, tmp_path, program.fails)
    blamed = shown(findings, Verdict.FAIL, Verdict.WEAK, Verdict.FLAKY)
    assert set(blamed) == {program.fails}, blamed
    verdict = Verdict.WEAK if program.is_weak else Verdict.FAIL
    assert findings[program.fails].verdict is verdict, blamed


@pytest.mark.long
@pytest.mark.parametrize(
    "program", [each for each in mistaken() if each.is_in_gate], ids=lambda each: each.name
)
@pytest_twisted.ensureDeferred
async def test_mistakes_are_named(program: Program, tmp_path: Path) -> None:
    finding = (await judged(program, tmp_path, program.fails))[program.fails]
    assert finding.verdict in (Verdict.FAIL, Verdict.WEAK), finding.evidence
    assert finding.mistake.name == program.mistake, finding.evidence
