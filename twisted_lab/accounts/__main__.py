"""Accounts tool for the operator, also while services run: ``python -m twisted_lab.accounts``."""

from __future__ import annotations

import getpass
import signal
import sys
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

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
    WORDS,
    AllQueries,
    Lines,
    NotFound,
    check_account,
    is_address,
    what_is_forgotten,
)
from twisted_lab.accounts.copying import copy_lab
from twisted_lab.eventlog.events import UPGRADED, changes
from twisted_lab.storage import (
    DEFAULT_FILE,
    CannotCopy,
    CannotStore,
    Database,
    Unusable,
    Work,
    is_in_use,
    is_server,
    open_database,
    shown,
    whole,
)
from twisted_lab.text import option
from twisted_lab.text.command_line import Options, complain, write_out
from twisted_lab.text.language import N_, _, message_of
from twisted_lab.text.nearest import with_nearest
from twisted_lab.text.prompts import ask

Result = TypeVar("Result")

ARGUMENTS = {
    "add": ("NAME",),
    "admit": ("NAME", "ADDRESS"),
    "passwd": ("NAME",),
    "forget": ("NAME|ADDRESS",),
    "revoke": ("ID|NAME",),
    "copy": ("FROM", "TO"),
}
EFFECTS = {
    "list": N_("Show accounts, known addresses, and failures with the delays that they cause."),
    "add": N_("Open an account."),
    "admit": N_("Let the owner log in at that address without a delay by guesses from elsewhere."),
    "passwd": N_("Set a new password; it ends the account's sessions and delays."),
    "forget": N_(
        "ADDRESS: end its delays, and forget its known name; accounts and sessions stay. "
        "NAME: delete the account with its sessions, and known addresses of that name; it asks."
    ),
    "sessions": N_("Show the sessions, with their ids."),
    "revoke": N_("End a session, or all sessions of an account; the account stays."),
    "clear": N_(
        "Delete all accounts with their sessions, all known addresses and all failures; it asks. "
        "The chat's messages stay."
    ),
    "copy": N_(
        "Copy everything from one database to a new one; each is a file or postgresql://..."
    ),
}


class AccountsOptions(Options):
    """The database, and what to do with it."""

    command = "twisted_lab.accounts"
    synopsis = "Usage: python -m twisted_lab.accounts [--database FILE] COMMAND"
    longdesc = N_(
        "The commands work while the services run. Where a session ends, the client has to log in "
        "again. In a pipe a password is the first line of the input."
    )
    commands = MappingProxyType(
        {" ".join([word, *ARGUMENTS.get(word, ())]): EFFECTS[word] for word in WORDS}
    )
    action: str
    arguments: tuple[str, ...]

    database = option.path(
        N_(
            "The database of netlab-ident and netlab-auth: an SQLite file, or postgresql://USER@HOST/NAME."
        ),
        default=DEFAULT_FILE,
        kind="database",
    )

    yes = option.flag(N_("Answer the question of clear or forget with yes."))

    def parseArgs(self, command: str = "", *arguments: str) -> None:
        """Take the command and its arguments."""
        if not command:
            names = ", ".join(WORDS)
            raise UsageError(_("the command is missing: one of {commands}", commands=names))
        if command not in WORDS:
            problem = _(
                "the command is one of {commands}, not {command!r}",
                commands=", ".join(WORDS),
                command=command,
            )
            raise UsageError(with_nearest(problem, command, WORDS))
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
        if command == "copy" and "database" in self.given:
            raise UsageError(_("copy takes FROM TO, not --database"))
        if self.yes and command not in ("clear", "forget"):
            raise UsageError(
                _("--yes is for clear and forget: {command} asks nothing", command=command)
            )
        if any("\udc80" <= char <= "\udcff" for char in "".join(arguments)):
            raise UsageError(
                _("{command} takes UTF-8, not {word!r}", command=command, word=arguments[0])
            )
        self.action = command
        self.arguments = arguments


def _exit(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def ask_password() -> str:
    """Ask for a new password, twice, until it is one; in a pipe it is the first line of the input.

    Raises:
        BadPassword: That line cannot be a password.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n") if sys.stdin else ""
        check_password(password)
        return password
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        # getpass switches the echo on again if it can.
        signal.signal(number, _exit)
    while True:
        password = getpass.getpass(_("New password") + ": ")
        try:
            check_password(password)
        except BadPassword as error:
            complain(AccountsOptions.command, error)
            continue
        if getpass.getpass(_("Repeat the password") + ": ") == password:
            return password
        complain(AccountsOptions.command, _("the two passwords are not the same"))


def yes_or_no(text: str) -> str:
    """Parse an answer: ``yes`` or ``no``, or the first letter of it.

    Raises:
        UsageError: It is neither.
    """
    for answer in ("yes", "no"):
        if text.lower() in (answer, answer[0]):
            return answer
    raise UsageError(_("expected yes or no, not {answer!r}", answer=text))


def what_is_deleted(options: AccountsOptions) -> str:
    """Return the question before a command that deletes accounts; "" for another one.

    Raises:
        NotFound: There is nothing to delete.
    """
    if options.action == "clear":
        return _(
            "Delete all accounts with their sessions, all known addresses and all counts of "
            "failures? The chat's messages stay. (yes or no)"
        )
    if options.action == "forget" and not is_address(options.arguments[0]):
        return in_database(options, lambda kept: what_is_forgotten(kept, options.arguments[0]))
    return ""


def opened(options: AccountsOptions) -> Database[AllQueries]:
    """Open the database; if that has made or upgraded it, a line on standard error says so.

    Raises:
        Unusable: It cannot be opened.
    """
    database = open_database(options.database, ALL_TABLES)
    if database.is_new:
        created = _(
            "created a new database {file}; the services use it if it is theirs, too (--database)",
            file=shown(options.database),
        )
        complain(options.command, created)
    if upgrade := database.upgrade:
        copy = f"{options.database}.{upgrade.copy}"
        done = changes(upgrade.before, upgrade.after)
        complain(options.command, _(UPGRADED, path=options.database, log_changes=done, copy=copy))
    return database


def in_database(options: AccountsOptions, work: Work[AllQueries, Result]) -> Result:
    """Run one transaction; an error says in which file something was not found.

    Raises:
        BadName, CannotStore, NotFound, Unusable: It cannot be done, and why.
    """
    with closing(opened(options)) as database:
        try:
            return database.run(work)
        except NotFound as error:  # perhaps it is in another file
            raise NotFound(_in_file(options, message_of(error))) from None


def copied(options: AccountsOptions, source: str, target: str) -> Lines:
    """Copy a lab to a new database; a line on standard error says if services use the old one.

    Raises:
        CannotCopy, Unusable: It cannot be copied.
    """
    if is_in_use(source):
        problem = _(
            "{source} is in use: what is stored there from now on is not in the copy",
            source=shown(source),
        )
        complain(options.command, problem)
    return copy_lab(source, target)


def run(options: AccountsOptions) -> Lines:
    """Do what `options` say.

    Returns:
        The lines to show.

    Raises:
        BadName, BadPassword, CannotCopy, CannotStore, NotFound, OSError, Unusable: It cannot be
            done, and why.
    """
    if options.action == "copy":
        return copied(options, *options.arguments)
    try:
        name = whole(options.database)
    except FileNotFoundError:
        raise NotFound(_("the current directory was removed: change to another one")) from None
    exists = is_server(name) or Path(name).exists()
    command = options.action
    arguments = list(options.arguments)
    if command != "add" and not exists:
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
        if exists:
            in_database(options, lambda kept: check_account(kept, command, arguments[0]))
        arguments.append(Passwords().hash(ask_password()))
    question = "" if options.yes else what_is_deleted(options)
    if question and ask(_in_file(options, question), "no", yes_or_no) != "yes":
        raise NotFound(_("nothing is deleted (with --yes the command does not ask)"))
    lines = in_database(options, lambda kept: COMMANDS[command](kept, *arguments))
    # A change of another file than that of the services would go unnoticed.
    is_shown = command in ("list", "sessions")
    return lines if is_shown else [_in_file(options, line) for line in lines]


def _in_file(options: AccountsOptions, text: str) -> str:
    return _("{file}: {text}", file=shown(options.database), text=text)


def main() -> None:
    """Run the command line's command."""
    options = AccountsOptions()
    options.parseOptions()
    try:
        if lines := run(options):
            write_out(options.command, "\n".join(lines))
    except CannotStore as error:
        file, reason = shown(options.database), message_of(error)
        problem = _("cannot store in {file}: {reason}", file=file, reason=reason)
        complain(options.command, problem)
        raise SystemExit(1) from None
    except (BadName, BadPassword, CannotCopy, NotFound, OSError, Unusable) as error:
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
