"""The chat's client on a terminal."""

from __future__ import annotations

import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.clients import CLIENT, Terminal
from tests.processes import Server

TIME = r"\d\d:\d\d:\d\d"


def chat(port: int, name: str, term: str = "xterm") -> Terminal:
    arguments = ("chat", "--host", "localhost", "--port", str(port), "--name", name)
    return Terminal(*CLIENT, *arguments, term=term)


def test_two_members_talk_and_a_third_needs_another_name(tmp_path: Path) -> None:
    with Server(tmp_path, "netlab-chat", "--port", "0") as server:
        port = server.wait_for_port()
        anna = chat(port, "Anna")
        anna.see(f"{TIME}   \\* welcome, Anna; /help lists what you can do")
        boris = chat(port, "anna")
        boris.see("name taken: anna; choose another")
        boris.see("Name:")
        boris.type("Boris\r")
        boris.see(f"{TIME}   \\* here: Anna, Boris")
        anna.see(f"{TIME}   \\* Boris has joined")
        anna.type("half a line")
        boris.type("hello\r")
        boris.see(f"{TIME} ✓ Boris: hello")
        anna.see(f"{TIME}   Boris: hello")
        anna.see("> half a line")
        # Tab completes commands and names, regardless of case.
        anna.type("\x15/ms\t")
        anna.see("> /msg")
        anna.type("bor\t")
        anna.see("> /msg Boris")
        anna.type("psst\r")
        anna.see(f"{TIME} ✓ Anna \\(to Boris\\): psst")
        boris.see(f"{TIME}   Anna \\(to you\\): psst")
        vera = chat(port, "anna", term="dumb")
        vera.see("> name taken: anna; choose another")
        vera.see("Name:")
        vera.type("Vero\x7fa\r")  # The terminal itself handles the backspace.
        vera.see(f".*{TIME}   \\* here: Anna, Boris, Vera")
        vera.type("hello\r")
        vera.see(f".*{TIME} ✓ Vera: hello")
        vera.type("\x04")
        assert vera.end() == 0
        boris.type("\x04")
        assert boris.end() == 0
        anna.see(f"{TIME}   \\* Boris has left")
        anna.type("\x03")
        assert anna.end() == 130


def test_the_client_survives_a_restart_of_the_server(tmp_path: Path, kept_port: int) -> None:
    arguments = ("--history", str(tmp_path / "history"), "--port", str(kept_port))
    with Server(tmp_path, "netlab-chat", *arguments) as server:
        server.wait_for_port()
        anna = chat(kept_port, "Anna")
        anna.see(f"{TIME}   \\* here: Anna")
        server.process.send_signal(signal.SIGTERM)
        anna.see("the server is shutting down; waiting for it to return")
        server.wait()
    anna.type("are you there?\r")
    anna.see("> +1 on the way")
    with Server(tmp_path, "netlab-chat", "--strict-port", *arguments):
        anna.see(f"{TIME} ✓ Anna: are you there\\?")
        anna.type("exit\r")
        assert anna.end() == 0


def test_control_characters_of_others_are_not_executed(tmp_path: Path) -> None:
    with Server(tmp_path, "netlab-chat", "--port", "0") as server:
        port = server.wait_for_port()
        anna = chat(port, "Anna")
        anna.see(f"{TIME}   \\* here: Anna")
        words = "a\x1b[2Jb\x07\u202ec\x9b2J {secret!r} %s\n"
        subprocess.run(
            [*CLIENT, "chat", "--port", str(port), "--name", "Boris"],
            input=words.encode(),
            check=True,
            capture_output=True,
        )
        anna.see(f"{TIME}   Boris: abc2J {{secret!r}} %s")
        assert "\x1b[2Jb" not in anna.raw
        anna.type("exit\r")
        assert anna.end() == 0


def test_the_client_can_be_suspended_and_continued(tmp_path: Path) -> None:
    with Server(tmp_path, "netlab-chat", "--port", "0") as server:
        port = server.wait_for_port()
        client = shlex.join([*CLIENT, "chat", "--host", "localhost", "--port", str(port)])
        script = f"{client} --name Anna; echo suspended: $?; read line; fg; echo ended: $?"
        shell = Terminal("/bin/sh", "-mc", script)
        shell.see(f"{TIME}   \\* here: Anna")
        shell.type("\x1a")
        shell.see("suspended: 148")
        shell.type("\r")
        shell.see(">")
        shell.type("hello\r")
        shell.see(f"{TIME} ✓ Anna: hello")
        shell.type("\x04")
        shell.see("ended: 0")


@pytest.mark.parametrize("is_leaving", [False, True])
def test_control_c_reports_unconfirmed_messages(
    tmp_path: Path, kept_port: int, is_leaving: bool
) -> None:
    with Server(tmp_path, "netlab-chat", "--port", str(kept_port)) as server:
        server.wait_for_port()
        anna = chat(kept_port, "Anna")
        anna.see(f"{TIME}   \\* here: Anna")
        server.process.kill()
        server.wait()
    anna.type("one\r")
    anna.see("> +1 on the way")
    anna.type("two\r")
    anna.see("> +2 on the way")
    if is_leaving:
        anna.type("\x04")
        anna.see("2 messages are not confirmed; waiting up to 15 s, Ctrl-C ends at once")
    anna.type("\x03")
    assert anna.end() == 130
    assert anna.lines[-1].endswith("2 messages were not confirmed, and may be lost")
