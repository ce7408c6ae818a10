"""The CPU time of tests, including child processes: `make test` has a budget of it."""

from __future__ import annotations

import resource
from collections.abc import Generator

import pytest

MOST_LISTED = 10


def cpu_seconds(who: int) -> float:
    """Return the user and system time of this process or of its ended children, in seconds."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def all_cpu_seconds() -> float:
    return cpu_seconds(resource.RUSAGE_SELF) + cpu_seconds(resource.RUSAGE_CHILDREN)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    before = all_cpu_seconds()
    try:
        yield
    finally:
        item.user_properties.append(("cpu", all_cpu_seconds() - before))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # The workers of pytest-xdist have ended by now and count as children.
    terminalreporter.section("CPU time")
    terminalreporter.write_line(f"{all_cpu_seconds():.0f} s in all, most of it in")
    costs = [
        (seconds, report.nodeid)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, seconds in report.user_properties
        if name == "cpu" and report.when == "call"
    ]
    for seconds, test in sorted(costs, reverse=True)[:MOST_LISTED]:
        terminalreporter.write_line(f"{seconds:6.1f} s  {test}")
