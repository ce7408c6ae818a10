"""Command-line options with errors of one line, and the readers of their values."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from getopt import GetoptError, gnu_getopt
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from twisted.copyright import version as twisted_version
from twisted.python import usage

from twisted_lab import PROGRAMS, __version__
from twisted_lab.text import language
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import with_nearest
from twisted_lab.text.option import Option
from twisted_lab.text.printing import print_line

PROGRAM = "netlab"  # the command that starts all others
# Attributes that Twisted's class looks for, but does not define.
TWISTED_NAMES = {"longdesc", "synopsis", *vars(usage.Options())}
# What Twisted and the documentation of methods add to the help.
ADDED = (
    N_("Options:"),
    N_("Commands:"),
    N_("Display this help and exit."),
    N_("Display the version and exit."),
)
# Python's texts of wrong options, word for word.
WRONG = (
    N_("option {name} not recognized"),
    N_("option {name} not a unique prefix"),
    N_("option {name} requires argument"),
    N_("option {name} must not have an argument"),
)


def write_out(command: str, text: str, end: str = "\n") -> None:
    """Write `text` and `end` to standard output, for the program `command`.

    Raises:
        SystemExit: With status 1, if it cannot be written. The reason is on standard error, unless
            the reader, as in ``| head``, has closed the pipe.
    """
    problem = _("it is closed")
    try:
        if sys.stdout is not None:
            print_line(text, end=end)
            return
    except OSError as error:
        problem = "" if isinstance(error, BrokenPipeError) else str(error.strerror)
        # Python would try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if problem:
        complain(command, _("cannot write to standard output: {problem}", problem=problem))
    raise SystemExit(1)


def complain(command: str, problem: object) -> None:
    """Write a line on standard error that begins with the name of the program `command`."""
    print_line(f"{as_started(command)}: {problem}", sys.stderr)


def is_netlab(program: str) -> bool:
    """Tell whether a program, the first of `sys.argv`, is the command `netlab`."""
    return Path(program).name == PROGRAM


def as_started(text: str) -> str:
    """Return a text of ours that names programs; if `netlab` has started this one, by its words."""
    if not is_netlab(sys.argv[0]):
        return text
    text = re.sub(rf"(python -m )?\btwisted_lab\.({'|'.join(PROGRAMS)})\b", r"netlab \2", text)
    return re.sub(r"twistd (?:\[options\]|-n) netlab(?:-(\w+ ))? *", r"netlab run \1", text)


def translated(text: str, known: Iterable[str]) -> str:
    """Return what Python says of wrong options in the language of the messages.

    Args:
        text: What it says.
        known: The options that exist; the nearest one follows an unknown one.
    """
    for message in WRONG:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(message))
        if found := re.fullmatch(pattern, text, re.DOTALL):
            said = _(message, **found.groupdict())
            return with_nearest(said, found["name"], known) if message is WRONG[0] else said
    return text


class CannotRun(usage.UsageError):
    """The process cannot run as it is, whatever its options."""


class Options(usage.Options):
    """Options whose errors are one line on the console, not a page of help.

    Attributes have values in the class, too, so that an option cannot take the name of one.

    Attributes:
        command: The name of the program.
        exit_status: Its exit status after wrong usage.
        declared: The options that are attributes of the class (see `Option`), by their names.
        given: The names of the options that were given; those set as attributes are not.
        hidden: The names of options that --help does not list.
        option_names: How options are given, for errors, where that is not by their own names.
        commands: The effect of each command, with its arguments, for --help.
    """

    command = ""
    longdesc = ""
    exit_status = 2
    given: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    option_names: Mapping[str, str] = MappingProxyType({})
    commands: Mapping[str, str] = MappingProxyType({})
    declared: ClassVar[dict[str, Option[Any]]] = {}
    optFlags: ClassVar[list[list[Any]]] = []
    optParameters: ClassVar[list[list[Any]]] = []

    def __init_subclass__(cls) -> None:
        options: dict[str, Option[Any]] = {}
        others = set(TWISTED_NAMES)
        for owner in reversed(cls.__mro__):
            for name, value in vars(owner).items():
                if not isinstance(value, Option):
                    if name in options:
                        raise TypeError(
                            f"{cls.__name__}.{name}: {value!r} would replace the option "
                            f"--{options[name].name}; write {name} = dataclasses.replace("
                            f"{cls.__bases__[-1].__name__}.{name}, default={value!r})"
                        )
                    others.add(name)
                elif {name, f"opt_{name}"} & others:
                    raise TypeError(
                        f"{cls.__name__}.{name}: the base class uses this name itself; rename the "
                        "option"
                    )
                else:
                    options[name] = value
        cls.declared = {each.name: each for each in options.values()}
        cls.optFlags = [each.row() for each in options.values() if each.read is None]
        cls.optParameters = [each.row() for each in options.values() if each.read is not None]

    def __init__(self) -> None:
        super().__init__()
        self.update({name: each.default for name, each in self.declared.items()})
        # Twisted adds the rows of all base classes; a name would be no unique prefix of itself.
        self.longOpt = list(dict.fromkeys(self.longOpt))

    def __setitem__(self, name: str, value: Any) -> None:
        """Take a value from the command line."""
        self.given |= {name}
        option = self.declared[name]
        if option.repeats:
            value = self[name] + value
        super().__setitem__(name, value if option.read else True)

    def name_of(self, option: str) -> str:
        """Return how an option is given."""
        return self.option_names.get(option, f"--{option}")

    def help_hint(self) -> str:
        """Return the advice that follows an error."""
        return _("--help lists the options")

    def getSynopsis(self) -> str:
        """See `twisted.python.usage.Options`."""
        text = as_started(super().getSynopsis())
        return text.replace("Usage:", _("Usage:")).replace("[options]", _("[options]"))

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`; `hidden` options are left out."""
        # Twisted shows no words for values: it gets all options as flags, with them in the names.
        view: Any = usage.Options()
        view.longdesc = _(getattr(self, "longdesc", ""))
        shorts = {name: short for short, name in self.synonyms.items() if len(short) == 1}
        for given in self.longOpt:
            name = given.removesuffix("=")
            if name in self.hidden:
                continue
            metavar = self.declared[name].shown_metavar if name in self.declared else ""
            label = f"{name} {metavar}".rstrip()
            view.longOpt.append(label)
            view.docs[label] = self._doc(name, given.endswith("="))
            view.synonyms |= {label: label, shorts.get(name, label): label}
        if self.commands:
            view.subCommands = [(name, None, None, _(text)) for name, text in self.commands.items()]
        text: str = view.getUsage(width).replace("\nCommands:", "\n\nCommands:")
        for words in ADDED:
            text = text.replace(words, _(words))
        return text

    def _doc(self, name: str, has_value: bool) -> str:
        doc, default = self.docs[name] or "", self.defaults.get(name)
        if default is None or not has_value:
            return _(doc)
        return _("{doc} [default: {default}]", doc=_(doc), default=default)

    def parseOptions(self, options: list[str] | None = None) -> None:
        """Parse `options`, by default the command line's; from then on all speaks its language.

        Raises:
            SystemExit: They are wrong; a line on standard error says how.
        """
        language.use(language.of_locale(os.environ))
        try:
            self.parse(sys.argv[1:] if options is None else options)
        except usage.UsageError as error:
            is_usage = not isinstance(error, CannotRun)
            hint = f" ({self.help_hint()})" if is_usage else ""
            names = [f"--{each.removesuffix('=')}" for each in self.longOpt]
            problem = translated(_(error), names)
            print_line(as_started(f"{self.command}: {problem}{hint}"), sys.stderr)
            raise SystemExit(self.exit_status if is_usage else 1) from None

    def parse(self, options: Sequence[str]) -> None:
        """Parse `options`; words may stand before, between or after them.

        Raises:
            UsageError: They are wrong.
        """
        super().parseOptions(self._options_first(options))

    def _options_first(self, arguments: Sequence[str]) -> list[str]:
        """Return the arguments with all options before the words; Twisted stops at a word.

        Raises:
            UsageError: An option does not exist, or its value is missing.
        """
        try:
            found, words = gnu_getopt(arguments, self.shortOpt, self.longOpt)
        except GetoptError as error:
            raise usage.UsageError(str(error)) from None
        joined = [
            f"{name}={value}" if f"{name[2:]}=" in self.longOpt else name + value
            for name, value in found
        ]
        return [*joined, "--", *words]

    def parseArgs(self, *arguments: str) -> None:
        """Take no arguments beside the options."""
        if arguments:
            raise usage.UsageError(_("{word!r} is not an option", word=arguments[0]))

    def opt_help(self) -> None:
        """Display this help and exit."""
        write_out(self.command, str(self))
        raise SystemExit(0)

    opt_h = opt_help

    def opt_version(self) -> None:
        """Display the version and exit."""
        write_out(self.command, f"twisted_lab {__version__}, Twisted {twisted_version}")
        raise SystemExit(0)
