"""Text from users and files: logins, tokens, options."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from unittest.mock import patch

from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import UsageError

from tests.doubles.recording import recorded_events
from tests.doubles.storage import CountingHashes
from twisted_lab.accounts import ACCOUNT_TABLES, Lifetimes
from twisted_lab.channels import Refused
from twisted_lab.client.known_hosts import CannotVerify, KnownHosts
from twisted_lab.client.options import chat_name
from twisted_lab.client.tokens import Tokens
from twisted_lab.login import AccountRealm
from twisted_lab.ports.addresses import host_and_port, interface_address, port_number, server_port
from twisted_lab.ports.listening import CannotListen, DescribedEndpoint
from twisted_lab.process.process_options import control_endpoint
from twisted_lab.reliable.cookies import Cookies, OwnSecrets
from twisted_lab.services.auth import Authentication
from twisted_lab.services.netlab import Options
from twisted_lab.testing import MemoryStorage, play
from twisted_lab.text.option import choice, number
from twisted_lab.text.token_form import TOKEN

OWNERS = "the owner's secret"


def login(data: bytes) -> None:
    """No input to netlab-auth logs a client in under the name of another account."""
    storage = MemoryStorage(ACCOUNT_TABLES)
    clock = Clock()
    clock.advance(1_700_000_000)
    events, recorder = recorded_events()
    realm = AccountRealm(storage, CountingHashes(), clock, Lifetimes(), clock.seconds)
    service = Authentication(realm, events)
    play(service.converse, "owner", OWNERS, OWNERS)
    said = data.decode(errors="replace").split("\n")
    if OWNERS not in said:
        with suppress(AssertionError, Refused):  # A delay after an earlier failure.
            answers = play(service.converse, *said)
            assert "Hello, owner" not in answers
            assert "Welcome back, owner" not in answers
    assert "conversation failed" not in recorder.names, recorder.messages
    storage.database.close()


def token(data: bytes) -> None:
    """A file of tokens or known hosts gives a token or a fingerprint, or nothing."""
    assert not Cookies(OwnSecrets(bytes)).is_good(
        data.decode(errors="replace"), "192.0.2.7", 1, 0.0
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        found = Tokens(path, lambda _: None).find("a:1")
        assert found is None or TOKEN.fullmatch(found)
        with suppress(CannotVerify):
            known = KnownHosts(path).find("a:1")
            assert known is None or len(known) == 95


READERS = (
    port_number,
    server_port,
    interface_address,
    host_and_port,
    chat_name,
    control_endpoint,
    number("", default=1, most=100).parse,
    choice("", "a", "b", default="a").parse,
)


def option(data: bytes) -> None:
    """A value is read, or refused with one line."""
    text = data.decode(errors="replace")
    for read in READERS:
        try:
            read(text)
        except UsageError as error:
            assert str(error)
            assert "\n" not in str(error)
    if text.startswith("stdio"):
        return  # stdio: would read the fuzzer's own input.
    refused: list[str] = []
    with suppress(OSError):
        listening = DescribedEndpoint(MemoryReactorClock(), text).listen(Factory())
        listening.addErrback(
            lambda failure: refused.append(str(failure.trap(CannotListen) and failure.value))
        )
    assert all(line and "\n" not in line for line in refused)


def options(data: bytes) -> None:
    """The options of netlab are parsed, or refused with one line."""
    arguments = data.decode(errors="replace").split("\n")
    said = io.StringIO()
    with (
        redirect_stderr(said),
        redirect_stdout(io.StringIO()),
        patch("builtins.input", side_effect=EOFError),
    ):
        try:
            Options().parseOptions(arguments)
        except SystemExit as end:
            assert end.code in (0, 1, 2)
            assert said.getvalue().count("\n") <= 1, said.getvalue()
