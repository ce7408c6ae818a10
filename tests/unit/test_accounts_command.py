import io
import re
import shlex
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from unittest.mock import Mock, patch

from tests.doubles.old_files import make_old_file
from tests.doubles.storage import StoredCase
from twisted_lab.accounts import (
    Account,
    Lifetimes,
    Passwords,
    Session,
    open_session,
    register,
    token_digest,
)
from twisted_lab.accounts import __main__ as command
from twisted_lab.accounts.commands import ALL_TABLES, COMMANDS, AllQueries
from twisted_lab.accounts.throttle import stranger_subject
from twisted_lab.known_peers import remember
from twisted_lab.storage import CannotStore, Work, open_database

CHEAP = Passwords(memory_mib=0.0625, passes=1)
PROGRAM = f"{shlex.quote(sys.executable)} -m twisted_lab.accounts"
ENDLESS = Lifetimes(1e12, 1e12)
SINCE = "since 1970-01-01T00:00:01Z"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def fill(kept: AllQueries) -> None:
    for name in ("Anna", "Berta"):
        await register(kept.accounts, name, "hash", 1.0)
        await open_session(kept.accounts, name.casefold(), name, "192.0.2.7:9", 1.0, ENDLESS)
    await kept.accounts.set_failures("account anna", "192.0.2.7", 100, 1.0)
    await remember(kept.peers, "192.0.2.1", "Carla", 1.0)
    await remember(kept.peers, "2001:db8::1", "Dora", 2.0)


async def session_of(kept: AllQueries, digest: str) -> Session | None:
    return await kept.accounts.session(digest)


class CommandCase(StoredCase):
    def setUp(self) -> None:
        self.path = self.new_database()
        self.patch(command, "Passwords", lambda: CHEAP)
        self.run_work(fill)

    def new_database(self) -> str:
        path: str = self.mktemp()
        return path

    def run_work(self, work: Work[AllQueries, object]) -> object:
        with closing(open_database(self.path, ALL_TABLES)) as database:
            return database.run(work)

    def account(self, key: str) -> Account | None:
        account = self.run_work(lambda kept: kept.accounts.account(key))
        assert account is None or isinstance(account, Account)
        return account

    def main(
        self, *arguments: str, stdin: str = "", terminal: Sequence[str] = ()
    ) -> tuple[object, str, str]:
        """Run the command; return its exit status, and its output on both streams."""
        database = () if "copy" in arguments else ("--database", self.path)
        out, err, status = io.StringIO(), io.StringIO(), None
        with (
            patch("sys.argv", ["accounts", *database, *arguments]),
            patch("sys.stdin", (Terminal if terminal else io.StringIO)(stdin)),
            patch("getpass.getpass", side_effect=terminal),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                command.main()
            except SystemExit as end:
                status = end.code
                if isinstance(status, str):  # as Python does
                    print(status, file=err)
                    status = 1
        return status, out.getvalue(), err.getvalue()

    def shows(self, arguments: Sequence[str], *lines: str, stdin: str = "") -> None:
        """Check that a command shows some lines, each after the name of the file it has changed."""
        file = "" if {"list", "sessions"} & {*arguments} else f"{self.path}: "
        self.assertEqual(
            self.main(*arguments, stdin=stdin),
            (None, "".join(f"{file}{line.removeprefix(file)}\n" for line in lines), ""),
        )

    def refuse(self, status: int, arguments: Sequence[str], reason: str, stdin: str = "") -> None:
        code, out, err = self.main(*arguments, stdin=stdin)
        self.assertEqual((code, out, err.count("\n")), (status, "", 1), err)
        self.assertTrue(err.startswith("twisted_lab.accounts: "), err)
        self.assertIn(reason, err)


class CommandTests(CommandCase):
    def test_list_shows_addresses_and_accounts(self) -> None:
        self.shows(
            ["list"],
            f"account Anna {SINCE}, sessions: 1, failures: 0",
            f"account Berta {SINCE}, sessions: 1, failures: 0",
            f"address 192.0.2.1 {SINCE} used 1970-01-01T00:00:01Z, name: Carla",
            "address 2001:db8::1 since 1970-01-01T00:00:02Z used 1970-01-01T00:00:02Z, name: Dora",
        )

    def test_list_shows_current_failures(self) -> None:
        async def fail(kept: AllQueries) -> None:
            now = time.time()
            stranger = stranger_subject("anna", await kept.accounts.secret("unknown names"))
            for subject, network, count in (
                ("account anna", "192.0.2.7", 3),
                (stranger, "192.0.2.8", 2),
                (stranger, "elsewhere", 2),
                ("", "192.0.2.8", 5),
                ("registrations", "192.0.2.9", 7),
            ):
                await kept.accounts.set_failures(subject, network, count, now)

        self.run_work(fail)
        _, out, _ = self.main("list")
        self.assertIn(f"account Anna {SINCE}, sessions: 1, failures: 5\n", out)
        self.assertIn("address 192.0.2.8, failures: 5\n", out)
        self.assertIn("address 192.0.2.9, new accounts: 7\n", out)

    def test_list_shows_delays_and_what_ends_them(self) -> None:
        async def fail(kept: AllQueries) -> None:
            now = time.time()
            secret = await kept.accounts.secret("unknown names")
            stranger, later = (stranger_subject(key, secret) for key in ("anna", "berta"))
            for subject, network, count in (
                ("account anna", "192.0.2.7", 7),
                ("account anna", "token 1234", 7),
                ("account berta", "192.0.2.7", 1),
                (stranger, "elsewhere", 100),
                (later, "elsewhere", 100),
                ("", "192.0.2.7", 36),
                ("", "192.0.2.8", 30),
            ):
                last = now if count > 1 else now - 2
                if subject == later:
                    last = now + 3600  # the clock was set back
                await kept.accounts.set_failures(subject, network, count, last)

        self.run_work(fail)
        _, out, _ = self.main("list")
        delays = [line for line in out.splitlines() if "waits" in line]
        self.assertEqual(
            [re.sub("(6[0-4]|3[0-2]) s|86,[34].. s", "N s", line) for line in delays],
            [
                "account Anna waits N s at address 192.0.2.7; forget 192.0.2.7 ends the delay",
                "account Anna waits N s in networks that are new to it; "
                "admit Anna ADDRESS ends the delay",
                "address 192.0.2.7 waits N s, with any name; forget 192.0.2.7 ends the delay",
            ],
        )

    def test_admit_allows_an_owner_at_an_address(self) -> None:
        self.shows(
            ["admit", "anna", "2001:DB8::7"],
            "Anna may log in from 2001:db8:: while others guess the password",
        )

        async def known(kept: AllQueries) -> str | None:
            return await kept.accounts.has_network("anna", "2001:db8::", 0.0)

        self.assertEqual(self.run_work(known), "anna")
        self.refuse(1, ["admit", "nobody", "192.0.2.1"], "no account of the name nobody")
        self.refuse(1, ["admit", "Anna", "192.0.2"], "is not an IP address, such as 192.0.2.7")

    def test_run_command_returns_lines(self) -> None:
        options = command.AccountsOptions()
        options.parseOptions(["--database", self.path, "list"])
        self.assertEqual(len(command.run(options)), 4)

    def test_add_registers_an_account(self) -> None:
        self.shows(["add", " Ева "], "added Ева", stdin="new password\r\nnot read\n")
        account = self.account("ева")
        assert account is not None
        self.assertEqual(account.name, "Ева")
        self.assertTrue(CHEAP.matches(account.password, "new password"))

    def test_add_refuses_a_taken_name(self) -> None:
        self.refuse(1, ["add", "ANNA"], "an account of the name ANNA already", "new password\n")
        account = self.account("anna")
        assert account is not None
        self.assertEqual(account.password, "hash")

    def test_add_refuses_an_unsuitable_name(self) -> None:
        for name, reason in (
            (" ", "a name has 1 to 64 characters, not 0"),
            ("a\x1bb", "no control or invisible characters"),
            ("nlt_a", "does not begin with nlt_"),
        ):
            for word in ("add", "passwd"):
                self.refuse(1, [word, name], reason, "new password\n")

    def test_commands_accept_older_names_that_add_refuses(self) -> None:
        self.run_work(lambda kept: register(kept.accounts, "Eva\ufe0f", "hash", 1.0))
        self.refuse(1, ["add", "Eva\ufe0f"], "no control or invisible", "new password\n")
        self.shows(
            ["passwd", "Eva\ufe0f"],
            "changed the password of Eva\ufe0f; its sessions are ended",
            stdin="new password\n",
        )

    def test_forget_deletes_the_failures_of_a_network(self) -> None:
        self.run_work(lambda kept: remember(kept.peers, "2001:db8::2", "Eva", 3.0))
        self.run_work(lambda kept: remember(kept.peers, "2001:db8:0:1::1", "Eva", 3.0))
        self.shows(
            ["forget", "2001:db8:0::"],
            "forgot address 2001:db8::1, name: Dora",
            "forgot address 2001:db8::2, name: Eva",
        )

    def test_add_refuses_a_lookalike_name(self) -> None:
        reason = "that name looks like one that is taken; choose another"
        self.refuse(1, ["add", "Аnna"], reason, "new password\n")
        self.assertIsNone(self.account("аnna"))

    def test_add_refuses_an_unsuitable_password(self) -> None:
        for stdin in ("", "\n", "1234567\n"):
            self.refuse(1, ["add", "Ева"], "a password has at least 8 characters", stdin)
        self.refuse(1, ["add", "Ева"], "at most 1024 characters", "x" * 1025)
        self.assertIsNone(self.account("ева"))

    def test_add_asks_for_the_password_twice(self) -> None:
        code, out, err = self.main("add", "Ева", terminal=["new password"] * 2)
        self.assertEqual((code, out, err), (None, f"{self.path}: added Ева\n", ""))

    def test_add_asks_again_for_a_password_that_it_does_not_take(self) -> None:
        for name, wrong, reason in (
            ("Ева", ["new password", "new passwort"], "the two passwords are not the same\n"),
            ("Eva", ["1234567"], "a password has at least 8 characters\n"),
        ):
            end = self.main("add", name, terminal=[*wrong, "new password", "new password"])
            self.assertEqual(
                end, (None, f"{self.path}: added {name}\n", f"twisted_lab.accounts: {reason}")
            )

    def test_end_of_input_at_the_password_changes_nothing(self) -> None:
        for end in (EOFError, KeyboardInterrupt):
            with patch.object(command, "ask_password", side_effect=end):
                self.assertEqual(self.main("add", "Ева"), (130, "", "\n"))

    def test_passwd_changes_the_password_and_ends_sessions(self) -> None:
        self.shows(
            ["passwd", "ANNA"],
            "changed the password of Anna; its sessions are ended",
            stdin="new password\n",
        )
        account = self.account("anna")
        assert account is not None
        self.assertTrue(CHEAP.matches(account.password, "new password"))
        for token, known in (("Anna", False), ("Berta", True)):
            digest = token_digest(token)
            session = self.run_work(partial(session_of, digest=digest))
            self.assertEqual(session is not None, known)
        self.assertIsNone(
            self.run_work(lambda kept: kept.accounts.failures("account anna", "192.0.2.7"))
        )

    def test_passwd_refuses_an_unknown_account(self) -> None:
        self.refuse(1, ["passwd", "Ева"], "there is no account of the name Ева", "new password\n")
        self.assertIsNone(self.account("ева"))

    def test_forget_deletes_an_account(self) -> None:
        self.shows(["--yes", "forget", "ANNA"], "forgot account Anna")
        self.assertIsNone(self.account("anna"))
        self.assertIsNone(
            self.run_work(lambda kept: kept.accounts.failures("account anna", "192.0.2.7"))
        )
        self.refuse(1, ["--yes", "forget", "ANNA"], "there is no account, name or address ANNA")

    def test_forget_asks_before_it_deletes_an_account(self) -> None:
        for stdin, end in (("", 1), ("no\n", 1), ("yes\n", None)):
            code, out, _ = self.main("forget", "Anna", stdin=stdin)
            self.assertEqual(code, end)
            self.assertIn("Delete the account Anna with its sessions", out)
            self.assertEqual(self.account("anna") is None, end is None)

    def test_forget_asks_only_about_what_is_there(self) -> None:
        self.refuse(1, ["forget", "anna9"], "there is no account, name or address anna9")
        self.refuse(1, ["forget", "10.7.7.300"], "10.7.7.300 is not an IP address")
        self.assertIn("Delete the account Anna with", self.main("forget", "ANNA")[1])
        self.assertIn(
            "Delete all known addresses with the name Carla?", self.main("forget", "Carla")[1]
        )

    def test_forget_deletes_an_address(self) -> None:
        for word, line in (
            ("::ffff:192.0.2.1", "forgot address 192.0.2.1, name: Carla"),
            ("2001:DB8:0::1", "forgot address 2001:db8::1, name: Dora"),
        ):
            self.shows(["forget", word], line)
            self.refuse(1, ["forget", word], "there is no account, name or address")

    def test_forget_deletes_everything_under_a_name(self) -> None:
        self.run_work(lambda kept: remember(kept.peers, "192.0.2.2", "Anna", 1.0))
        self.run_work(lambda kept: remember(kept.peers, "192.0.2.3", "Anna", 1.0))
        self.shows(
            ["--yes", "forget", "Anna"],
            "forgot address 192.0.2.2, name: Anna",
            "forgot address 192.0.2.3, name: Anna",
            "forgot account Anna",
        )

    def test_sessions_lists_an_accounts_sessions(self) -> None:
        used = "used 1970-01-01T00:00:01Z from 192.0.2.7:9"
        self.shows(
            ["sessions"],
            f"{token_digest('Anna')[:8]} anna {SINCE} {used}",
            f"{token_digest('Berta')[:8]} berta {SINCE} {used}",
        )

    def test_revoke_ends_a_session(self) -> None:
        for word, token in ((token_digest("Anna")[:8], "Anna"), ("BERTA", "Berta")):
            line = f"revoked {token_digest(token)[:8]} of {token.casefold()}"
            self.shows(["revoke", word], line)
            self.refuse(1, ["revoke", word], f"no session, and no account with one, called {word}")
        self.shows(["sessions"])

    def test_clear_asks_for_confirmation(self) -> None:
        for stdin in ("", "\n", "no\n", "N\n", "yy\n"):
            code, out, err = self.main("clear", stdin=stdin)
            self.assertEqual(code, 1)
            self.assertTrue(
                err.endswith(": nothing is deleted (with --yes the command does not ask)\n"), err
            )
            self.assertIn("The chat's messages stay. (yes or no) [no]: ", out)
        self.assertIn("expected yes or no, not 'yy'\n", out)
        self.assertEqual(len(self.main("list")[1].splitlines()), 4)

    def test_clear_deletes_everything(self) -> None:
        code, out, err = self.main("clear", stdin="Y\n")
        self.assertEqual((code, err), (None, ""))
        self.assertTrue(out.endswith("counts of failures; the chat's messages stay\n"), out)
        self.shows(["list"])
        self.shows(["sessions"])
        self.assertIsNone(
            self.run_work(lambda kept: kept.accounts.failures("account anna", "192.0.2.7"))
        )
        self.shows(["add", "Anna"], "added Anna", stdin="new password\n")

    def test_clear_asks_nothing_with_yes(self) -> None:
        code, out, err = self.main("--yes", "clear")
        self.assertEqual((code, err), (None, ""))
        self.assertTrue(out.startswith(f"{self.path}: deleted all accounts"), out)
        self.refuse(2, ["--yes", "list"], "--yes is for clear")

    def test_a_name_is_checked_before_the_password_is_typed(self) -> None:
        for arguments, reason in (
            (["passwd", "Zoe"], "there is no account of the name Zoe"),
            (["add", "ANNA"], "there is an account of the name ANNA already"),
        ):
            code, _, err = self.main(*arguments, terminal=["x"])  # too short, if it were asked for
            self.assertEqual(code, 1)
            self.assertIn(reason, err)

    def test_forget_deletes_an_address_with_its_failures(self) -> None:
        self.run_work(lambda kept: kept.accounts.set_failures("", "192.0.2.9", 3, 1.0))
        self.shows(
            ["forget", "192.0.2.9"], "forgot the failures and new accounts of address 192.0.2.9"
        )
        self.refuse(1, ["forget", "192.0.2.9"], "there is no account, name or address")

    def test_a_session_id_takes_precedence_over_an_account_name(self) -> None:
        session = token_digest("Anna")[:8]
        self.run_work(lambda kept: register(kept.accounts, session, "hash", 1.0))
        self.run_work(lambda kept: open_session(kept.accounts, session, "x", "here", 1.0, ENDLESS))
        self.shows(["revoke", session], f"revoked {session} of anna")
        self.shows(["revoke", session], f"revoked {token_digest('x')[:8]} of {session}")


class CommandLineTests(CommandCase):
    """Tests of files, and of the command line itself."""

    def test_copy_shows_each_table(self) -> None:
        copy = self.mktemp()
        status, out, err = self.main("copy", self.path, copy)
        *tables, last = out.splitlines()
        self.assertEqual((status, last, err), (None, f"copied {self.path} to {copy}", ""))
        self.assertTrue(tables[0].startswith("accounts: 2 rows, SHA-256 "), tables)
        self.assertIn("keys: 1 row, SHA-256 ", out)
        self.assertEqual(self.main("copy", copy, self.mktemp())[1].splitlines()[:-1], tables)
        self.refuse(1, ["copy", self.path, copy], "has rows in the table accounts")
        self.refuse(1, ["copy", self.path, "/"], "cannot use / as a database")
        self.refuse(2, ["copy", self.path], "copy takes FROM TO, not")
        self.refuse(2, ["--database", "x", "copy", self.path, copy], "FROM TO, not --database")

    def test_copy_says_that_the_source_is_in_use(self) -> None:
        with patch.object(command, "is_in_use", lambda name: name == self.path):
            status, _, err = self.main("copy", self.path, self.mktemp())
        self.assertIsNone(status)
        self.assertIn(f"{self.path} is in use: what is stored there from now on is not", err)

    def test_an_upgrade_of_an_old_file_is_reported(self) -> None:
        self.path = self.mktemp()
        make_old_file(self.path, 6)
        change = "accounts 2 -> 4, known_peers 1 -> 2, file 6 -> 8"
        kept = f"the old file is kept as {self.path}.version-6"
        error = f"twisted_lab.accounts: upgraded the database {self.path} ({change}); {kept}\n"
        self.assertEqual(self.main("list"), (None, "", error))
        self.assertEqual(self.main("list"), (None, "", ""))

    def test_add_creates_the_file(self) -> None:
        self.path = self.mktemp()
        status, out, err = self.main("add", "Ева", stdin="new password\n")
        self.assertEqual((status, out), (None, f"{self.path}: added Ева\n"))
        self.assertIn(f"created a new database {self.path}; the services use it if", err)
        self.shows(["add", "Eve"], "added Eve", stdin="new password\n")
        self.assertEqual(stat.S_IMODE(Path(self.path).stat().st_mode), 0o600)

    def test_the_command_works_while_services_run(self) -> None:
        with closing(sqlite3.connect(self.path)) as service:
            service.execute("SELECT * FROM peers").fetchone()
            self.shows(["revoke", "Anna"], f"revoked {token_digest('Anna')[:8]} of anna")

    def test_an_error_of_the_disk_names_the_file(self) -> None:
        full = patch.dict(COMMANDS, sessions=Mock(side_effect=CannotStore("disk is full")))
        with full:
            self.refuse(1, ["sessions"], f"cannot store in {self.path}: disk is full")

    def test_a_missing_file_is_not_created(self) -> None:
        self.path = self.mktemp()
        for arguments in (
            ["list"],
            ["passwd", "Anna"],
            ["forget", "Anna"],
            ["sessions"],
            ["revoke", "Anna"],
            ["clear"],
        ):
            self.refuse(1, arguments, f"there is no file {self.path}", "yes\n")
            self.assertFalse(Path(self.path).exists())

    def test_a_file_of_another_kind_is_an_error(self) -> None:
        Path(self.path).write_bytes(b"What is this?\n" * 99)
        for arguments in (["list"], ["add", "Ева"]):
            self.refuse(1, arguments, "file is not a database; restore a copy", "new password\n")

    def test_an_unwritable_file_is_an_error(self) -> None:
        self.path = f"{self.mktemp()}/missing/file"
        self.refuse(1, ["add", "Ева"], "No such file or directory", "new password\n")

    def test_undecodable_arguments_are_refused(self) -> None:
        self.refuse(2, ["forget", "\udcff"], "forget takes UTF-8")

    def test_wrong_usage_gives_one_line_and_status_2(self) -> None:
        for arguments, reason in (
            (
                [],
                "the command is missing: one of list, add, admit, passwd, forget, sessions",
            ),
            (["lst"], "not 'lst'"),
            (["list", "Anna"], "list takes nothing, not 'Anna'"),
            (["add"], "add needs NAME"),
            (["add", "Anna", "Lee"], "add takes NAME, not 'Anna Lee'"),
            (["admit", "Anna"], "admit takes NAME ADDRESS, not 'Anna'"),
            (["forget"], "forget needs NAME|ADDRESS"),
            (["revoke"], "revoke needs ID|NAME"),
            (["list", "--colour"], "option --colour not recognized"),
        ):
            self.refuse(2, arguments, reason)

    def test_a_closed_output_pipe_is_no_error(self) -> None:
        for target in ("/dev/full", "pipe"):
            end = subprocess.run(
                ["/bin/sh", "-c", f"{PROGRAM} --database {self.path} list > {target}"]
                if target != "pipe"
                else ["/bin/bash", "-c", f"{PROGRAM} --database {self.path} list | true"],
                capture_output=True,
                text=True,
            )
            self.assertNotIn("Traceback", end.stderr)
            self.assertNotIn("Exception", end.stderr)

    def test_a_closed_standard_input_is_one_line(self) -> None:
        end = subprocess.run(
            ["/bin/sh", "-c", f"{PROGRAM} --database {self.path} passwd Anna <&-"],
            capture_output=True,
            text=True,
        )
        self.assertEqual(end.stderr, "twisted_lab.accounts: a password has at least 8 characters\n")

    def test_help_lists_the_commands(self) -> None:
        code, out, err = self.main("--help")
        self.assertEqual((code, err), (0, ""))
        text = " ".join(out.split())
        self.assertIn("forget NAME|ADDRESS ADDRESS: end its delays", text)
        self.assertIn("passwd NAME Set a new password; it ends the account's sessions", text)
        self.assertIn("[default: netlab.sqlite3]", text)
