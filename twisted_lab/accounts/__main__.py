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
from twisted_lab.eventlog.events import UPGRADED, changes
from twisted_lab.storage import DEFAULT_FILE, CannotStore, Database, Unusable, open_database
from twisted_lab.text import option
from twisted_lab.text.command_line import Options, complain, write_out
from twisted_lab.text.language import N_, _, message_of
from twisted_lab.text.nearest import with_nearest
from twisted_lab.text.prompts import ask

ARGUMENTS = {
    "add": ("NAME",),
    "admit": ("NAME", "ADDRESS"),
    "passwd": ("NAME",),
    "forget": ("NAME|ADDRESS",),
    "revoke": ("ID|NAME",),
}
USAGE = ", ".join(" ".join([command, *ARGUMENTS.get(command, ())]) for command in COMMANDS)


class AccountsOptions(Options):
    """The database, and what to do with it."""

    command = "twisted_lab.accounts"
    synopsis = "Usage: python -m twisted_lab.accounts [--database FILE] COMMAND"
    longdesc = N_(
        "Commands: {commands}. admit: guesses from elsewhere do not delay the owner at "
        "that address. In a pipe a password is the first line of the input.",
        commands=USAGE,
    )
    action: str
    arguments: tuple[str, ...]

    database = option.path(
        N_("The SQLite file of netlab-ident and netlab-auth."),
        default=DEFAULT_FILE,
        kind="database",
    )

    yes = option.flag(N_("Answer the question of clear with yes."))

    def parseArgs(self, command: str = "", *arguments: str) -> None:
        """Take the command and its arguments."""
        if not command:
            names = ", ".join(COMMANDS)
            raise UsageError(_("the command is missing: one of {commands}", commands=names))
        if command not in COMMANDS:
            problem = _(
                "the command is one of {commands}, not {command!r}",
                commands=", ".join(COMMANDS),
                command=command,
            )
            raise UsageError(with_nearest(problem, command, COMMANDS))
        words = ARGUMENTS.get(command, ())
        wanted = " ".join(words)
        if words and not arguments:
            raise UsageError(_("{command} needs {wanted}", command=command, wanted=wanted))
        if len(arguments) != len(words):
            given = " ".join(arguments)
            if not words:
                raise UsageError(
                    _("{command} takes nothing, not {given!r}", command=command, given=given)
                )
            raise UsageError(
                _(
                    "{command} takes {wanted}, not {given!r}",
                    command=command,
                    wanted=wanted,
                    given=given,
                )
            )
        if self.yes and command != "clear":
            raise UsageError(_("--yes is for clear: {command} asks nothing", command=command))
        if any("\udc80" <= char <= "\udcff" for char in "".join(arguments)):
            raise UsageError(
                _("{command} takes UTF-8, not {word!r}", command=command, word=arguments[0])
            )
        self.action = command
        self.arguments = arguments


def _exit(number: int, _frame: object) -> None:
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
    password = getpass.getpass(_("New password") + ": ")
    check_password(password)
    if getpass.getpass(_("Repeat the password") + ": ") != password:
        raise BadPassword(N_("the two passwords are not the same"))
    return password


def yes_or_no(text: str) -> str:
    """Parse an answer: ``yes`` or ``no``, or the first letter of it.

    Raises:
        UsageError: It is neither.
    """
    for answer in ("yes", "no"):
        if text.lower() in (answer, answer[0]):
            return answer
    raise UsageError(_("expected yes or no, not {answer!r}", answer=text))


def opened(options: AccountsOptions) -> Database[AllQueries]:
    """Open the database; if that has upgraded it, a line on standard error says so.

    Raises:
        Unusable: It cannot be opened.
    """
    database = open_database(options.database, ALL_TABLES)
    if upgrade := database.upgrade:
        copy = f"{options.database}.{upgrade.copy}"
        done = changes(upgrade.before, upgrade.after)
        complain(options.command, _(UPGRADED, path=options.database, log_changes=done, copy=copy))
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
        raise NotFound(_("the current directory was removed: change to another one")) from None
    command = options.action
    arguments = list(options.arguments)
    if command != "add" and not path.exists():
        raise NotFound(
            _(
                "there is no file {file}; choose the services' one with --database",
                file=options.database,
            )
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
        question = _(
            "Delete all accounts with their sessions, all known addresses and all counts of "
            "failures? The chat's messages stay. (yes or no)"
        )
        if ask(question, "no", yes_or_no) != "yes":
            raise NotFound(_("nothing is deleted"))
    with closing(opened(options)) as database:
        try:
            return database.run(lambda kept: COMMANDS[command](kept, *arguments))
        except NotFound as error:  # perhaps it is in another file
            raise NotFound(N_("{file}: {problem}", file=options.database, problem=error)) from None


def main() -> None:
    """Run the command line's command."""
    options = AccountsOptions()
    options.parseOptions()
    try:
        if lines := run(options):
            write_out(options.command, "\n".join(lines))
    except CannotStore as error:
        problem = _(
            "cannot store in {file}: {reason}", file=options.database, reason=message_of(error)
        )
        complain(options.command, problem)
        raise SystemExit(1) from None
    except (BadName, BadPassword, NotFound, OSError, Unusable) as error:
        complain(options.command, error)
        raise SystemExit(1) from None
    except MemoryError as error:
        complain(options.command, _("too little memory: {error}", error=error))
        raise SystemExit(1) from None
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
