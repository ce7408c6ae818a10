"""The example client of the chat, started with wrong arguments."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import DEADLINE, ENVIRONMENT, ROOT


def example(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / "chat_client.py"), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=DEADLINE,
        check=False,
    )


def test_wrong_usage_gives_one_line() -> None:
    for arguments in ((), ("-x",), ("Anna", "localhost", "9095", "more")):
        end = example(*arguments)
        assert end.returncode == 2
        assert end.stderr == "Usage: python examples/chat_client.py NAME [HOST [PORT]]\n"


def test_help_joins_no_room() -> None:
    for word in ("--help", "-h"):
        end = example(word)
        assert (end.returncode, end.stderr) == (0, "")
        assert "Usage: python examples/chat_client.py NAME [HOST [PORT]]" in end.stdout


def test_a_bad_host_or_port_is_one_line() -> None:
    for where in (("192.168..5",), ("127.0.0.1", "many"), ("127.0.0.1", "70000")):
        end = example("Anna", *where)
        assert end.returncode == 1
        assert end.stderr.startswith("chat_client.py: ")
        assert end.stderr.count("\n") == 1
