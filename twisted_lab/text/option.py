"""Command-line options, each declared once: type, default, range and help.

An option is an attribute of a subclass of `twisted_lab.text.command_line.Options`, which gives it
its name: ``idle_timeout = option.seconds("Idle timeout, in seconds.", default=600)`` declares
``--idle-timeout``, and `options.idle_timeout` is the value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Self, TypeVar, overload

from twisted.python import usage

from twisted_lab.text.language import N_, Message, _

Value = TypeVar("Value")
Default = TypeVar("Default")

UNLIMITED = 10**15


@dataclass(eq=False)
class Option(Generic[Value]):
    """One option. `dataclasses.replace` makes another one for a subclass, with another default.

    Attributes:
        doc: What --help says about it; the default is added.
        default: Its value if it is not given.
        read: Turns the text into a value, or raises UsageError or ValueError; None in a flag.
        short: The letter of its short name.
        repeats: Whether it can be given several times; its value is a tuple.
        kind: What the text names: a file, or a database that several services can share.
        metavar: What stands for the value where the option is listed: FILE, FOLDER or another word
            in capitals, and words in small letters as they are given, with | between them.
        name: Its name, without the two hyphens.
    """

    doc: str
    default: Value
    read: Callable[[str], Any] | None = None
    short: str | None = None
    repeats: bool = False
    kind: Literal["", "file", "database"] = ""
    metavar: str = "TEXT"
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.replace("_", "-")

    @overload
    def __get__(self, options: None, owner: type) -> Self: ...
    @overload
    def __get__(self, options: usage.Options, owner: type) -> Value: ...
    def __get__(self, options: usage.Options | None, owner: type) -> Self | Value:
        if options is None:
            return self
        value: Value = options[self.name]
        return value

    def __set__(self, options: usage.Options, value: Value) -> None:
        options.update({self.name: value})

    def row(self) -> list[Any]:
        """Return its row in ``optFlags`` or ``optParameters``."""
        if self.read is None:
            return [self.name, self.short, self.doc]
        shown = None if self.default == () else self.default
        return [self.name, self.short, shown, self.doc, self.parse]

    def parse(self, text: str) -> Any:
        """Read its value from the command line.

        Raises:
            UsageError: It is wrong; the text begins with the name of the option.
        """
        assert self.read is not None
        if not text:
            raise usage.UsageError(_("--{name} needs a value that is not empty", name=self.name))
        try:
            return self.read(text)
        except (usage.UsageError, ValueError) as error:
            raise usage.UsageError(f"--{self.name}: {_(error)}") from None


def with_default(doc: str, default: str) -> Message:
    """Return what --help says about an option whose default is not simply its value.

    Args:
        doc: What it says about the option, marked by `N_`.
        default: What it says about the default, marked likewise.
    """
    return N_("{doc} [default: {default}]", doc=Message(doc), default=Message(default))


def flag(doc: str, *, short: str | None = None) -> Option[bool]:
    """Declare an option without a value."""
    return Option(doc, False, short=short)


def parsed(
    doc: str,
    read: Callable[[str], Value],
    *,
    default: Default,
    short: str | None = None,
    metavar: str = "TEXT",
) -> Option[Value | Default]:
    """Declare an option whose value `read` makes.

    It refuses a text with a UsageError or ValueError.
    """
    return Option(doc, default, read, short, metavar=metavar)


def text(
    doc: str, *, default: Default, short: str | None = None, metavar: str = "TEXT"
) -> Option[str | Default]:
    """Declare an option whose value is any text."""
    return parsed(doc, str, default=default, short=short, metavar=metavar)


def path(
    doc: str, *, default: Default, kind: Literal["file", "database"] = "file"
) -> Option[str | Default]:
    """Declare an option that names a file; `netlab` has one database for all its services."""
    return Option(doc, default, str, kind=kind, metavar="FILE")


@overload
def repeated(doc: str, *, metavar: str = ...) -> Option[tuple[str, ...]]: ...
@overload
def repeated(
    doc: str, read: Callable[[str], Value], *, metavar: str = ...
) -> Option[tuple[Value, ...]]: ...
def repeated(
    doc: str, read: Callable[[str], Any] = str, *, metavar: str = "TEXT"
) -> Option[tuple[Any, ...]]:
    """Declare an option that can be given several times; `read` makes each value."""
    return Option(doc, (), lambda given: (read(given),), repeats=True, metavar=metavar)


def choice(
    doc: str, *words: str, default: Default, short: str | None = None
) -> Option[str | Default]:
    """Declare an option whose value is one of some words."""

    def read(given: str) -> str:
        if given not in words:
            raise usage.UsageError(
                _("expected one of {known}, not {text!r}", known=", ".join(words), text=given)
            )
        return given

    return parsed(doc, read, default=default, short=short, metavar="|".join(words))


def number(
    doc: str,
    *,
    default: Default,
    least: int = 1,
    most: int = UNLIMITED,
    unit: str = "",
    short: str | None = None,
) -> Option[int | Default]:
    """Declare an option whose value is a whole number from `least` to `most`."""

    def expected(given: str) -> str:
        values = {"unit": _(unit), "least": least, "most": most, "text": given}
        if unit and most == UNLIMITED:
            return _("expected a whole number of {unit} from {least} up, not {text!r}", **values)
        if unit:
            return _(
                "expected a whole number of {unit} from {least} to {most}, not {text!r}", **values
            )
        if most == UNLIMITED:
            return _("expected a whole number from {least} up, not {text!r}", **values)
        return _("expected a whole number from {least} to {most}, not {text!r}", **values)

    def read(given: str) -> int:
        # int() would also take "+1", "1_0" and digits of other scripts.
        is_plain = given.isascii() and given.isdigit() and len(given) < 20
        if not (is_plain and least <= int(given) <= most):
            raise usage.UsageError(expected(given))
        return int(given)

    return parsed(doc, read, default=default, short=short, metavar="N")


def seconds(doc: str, *, default: float, least: int = 1, most: int = UNLIMITED) -> Option[float]:
    """Declare an option whose value is a time, in whole seconds."""
    return number(doc, default=default, least=least, most=most, unit=N_("seconds"))


def size(doc: str, *, default: int, least: int = 1) -> Option[int]:
    """Declare an option whose value is a number of bytes."""
    return number(doc, default=default, least=least, unit=N_("bytes"))
