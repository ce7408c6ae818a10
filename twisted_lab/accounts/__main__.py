"""Accounts tool for the operator, also while services run: ``python -m twisted_lab.accounts``."""

from __future__ import annotations

import getpass
import signal
import sys
from contextlib import closing
from pathlib import Path

from twisted.python.usage import UsageError

from twisted_lab.accounts import (
    BadName,
    BadPassword,
    Passwords,
    account_name,
    check_password,
    clean_name,
)
from twisted_lab.accounts.commands import (
    ALL_TABLES,
    COMMANDS,
    AllQueries,
    Lines,
    NotFound,
    check_account,
)
from twisted_lab.eventlog.events import changes
from twisted_lab.storage import DEFAULT_FILE, CannotStore, Database, Unusable, open_database
from twisted_lab.text import option
from twisted_lab.text.command_line import Options, complain, write_out
from twisted_lab.text.prompts import ask

ARGUMENTS = {
    "add": ("NAME",),
    "admit": ("NAME", "ADDRESS"),
    "passwd": ("NAME",),
    "forget": ("NAME or ADDRESS",),
    "revoke": ("ID or NAME",),
}
USAGE = ", ".join(" ".join([command, *ARGUMENTS.get(command, ())]) for command in COMMANDS)


class AccountsOptions(Options):
    """The database, and what to do with it."""

    command = "twisted_lab.accounts"
    synopsis = "Usage: python -m twisted_lab.accounts [--database FILE] COMMAND"
    longdesc = (
        f"Commands: {USAGE}. admit: guesses from elsewhere do not delay the owner at that address. "
        "In a pipe a password is the first line of the input."
    )
    action: str
    arguments: tuple[str, ...]

    database = option.path(
        "The SQLite file of netlab-ident and netlab-auth.", default=DEFAULT_FILE, kind="database"
    )

    yes = option.flag("Answer the question of clear with yes.")

    def parseArgs(self, command: str = "", *arguments: str) -> None:
        """Take the command and its arguments."""
        if not command:
            raise UsageError(f"the command is missing: one of {', '.join(COMMANDS)}")
        if command not in COMMANDS:
            raise UsageError(f"the command is one of {', '.join(COMMANDS)}, not {command!r}")
        words = ARGUMENTS.get(command, ())
        wanted = " ".join(words) or "nothing"
        if words and not arguments:
            raise UsageError(f"{command} needs {wanted}")
        if len(arguments) != len(words):
            raise UsageError(f"{command} takes {wanted}, not {' '.join(arguments)!r}")
        if self.yes and command != "clear":
            raise UsageError(f"--yes is for clear: {command} asks nothing")
        if any("\udc80" <= char <= "\udcff" for char in "".join(arguments)):
            raise UsageError(f"{command} takes UTF-8, not {arguments[0]!r}")
        self.action = command
        self.arguments = arguments


def _exit(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def ask_password() -> str:
    """Ask for a new password, twice; in a pipe it is the first line of the input.

    Raises:
        BadPassword: It cannot be a password, or the two entries differ.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n") if sys.stdin else ""
        check_password(password)
        return password
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        # getpass switches the echo on again if it can.
        signal.signal(number, _exit)
    password = getpass.getpass("New password: ")
    check_password(password)
    if getpass.getpass("Repeat the password: ") != password:
        raise BadPassword("the two passwords are not the same")
    return password


def yes_or_no(text: str) -> str:
    """Parse an answer: ``yes`` or ``no``, or the first letter of it.

    Raises:
        UsageError: It is neither.
    """
    for answer in ("yes", "no"):
        if text.lower() in (answer, answer[0]):
            return answer
    raise UsageError(f"expected yes or no, not {text!r}")


def opened(options: AccountsOptions) -> Database[AllQueries]:
    """Open the database; if that has upgraded it, a line on standard error says so.

    Raises:
        Unusable: It cannot be opened.
    """
    database = open_database(options.database, ALL_TABLES)
    if upgrade := database.upgrade:
        what = changes(upgrade.before, upgrade.after)
        kept = f"{options.database}.{upgrade.copy}"
        problem = f"upgraded {options.database} ({what}); the old file is kept as {kept}"
        complain(options.command, problem)
    return database


def run(options: AccountsOptions) -> Lines:
    """Do what `options` say.

    Returns:
        The lines to show.

    Raises:
        BadName, BadPassword, CannotStore, NotFound, OSError, Unusable: It cannot be done, and why.
    """
    try:
        path = Path(options.database).absolute()
    except FileNotFoundError:
        raise NotFound("the current directory was removed: change to another one") from None
    command = options.action
    arguments = list(options.arguments)
    if command != "add" and not path.exists():
        raise NotFound(
            f"there is no file {options.database}; choose the services' one with --database"
        )
    if command in ("add", "passwd"):
        arguments[0] = account_name(arguments[0])
        # Before a password is typed for nothing:
        if command == "add":
            clean_name(arguments[0])
        if path.exists():
            with closing(opened(options)) as database:
                database.run(lambda kept: check_account(kept, command, arguments[0]))
        arguments.append(Passwords().hash(ask_password()))
    if command == "clear" and not options.yes:
        question = (
            "Delete all accounts with their sessions, all known addresses and all counts of "
            "failures? The chat's messages stay. (yes or no)"
        )
        if ask(question, "no", yes_or_no) != "yes":
            raise NotFound("nothing is deleted")
    with closing(opened(options)) as database:
        return database.run(lambda kept: COMMANDS[command](kept, *arguments))


def main() -> None:
    """Run the command line's command."""
    options = AccountsOptions()
    options.parseOptions()
    try:
        if lines := run(options):
            write_out(options.command, "\n".join(lines))
    except CannotStore as error:
        complain(options.command, f"cannot store in {options.database}: {error}")
        raise SystemExit(1) from None
    except (BadName, BadPassword, NotFound, OSError, Unusable) as error:
        complain(options.command, error)
        raise SystemExit(1) from None
    except MemoryError as error:
        complain(options.command, f"too little memory: {error}")
        raise SystemExit(1) from None
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
