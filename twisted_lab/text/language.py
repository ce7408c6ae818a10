"""The language of all that programs say to people.

Messages are English in the source. `_` translates a message where it is said, and `N_` marks one
that is data and is translated where it is shown. ``pybabel extract`` finds both by their names.

What peers and log files get is English. A text that people see, too, is a `Message`: `_` knows what
it was made of.
"""

from __future__ import annotations

import gettext
import re
import string
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from twisted_lab.text.printing import print_line

DOMAIN = "twisted_lab"
FOLDER = Path(__file__).parent.parent / "locale"
SOURCE = "en"
LANGUAGES = (SOURCE, "ru")

_translations = gettext.NullTranslations()


def use(language: str) -> None:
    """Say everything in a language from now on.

    What is not translated, or not compiled, is English. If the compiled file is damaged, a line on
    the standard error says so.

    Args:
        language: One of LANGUAGES.
    """
    global _translations  # one program speaks one language
    _translations = gettext.NullTranslations()
    if language == SOURCE:
        return
    try:
        _translations = gettext.translation(DOMAIN, FOLDER, [language], fallback=True)
    except (OSError, ValueError, LookupError, struct.error):  # gettext checks little itself
        file = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        print_line(f"the translation {file} is damaged, so all is English", sys.stderr)


def of_locale(environment: Mapping[str, str]) -> str:
    """Return the language of the locale: the first of LANGUAGES that it names, or English.

    Args:
        environment: The environment; the variables are those of gettext(1).
    """
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    locales = next((environment[name] for name in names if environment.get(name)), "")
    languages = [re.split("[_.@]", locale)[0] for locale in locales.split(":")]
    return next((each for each in languages if each in LANGUAGES), SOURCE)


class Message(str):
    """A message in English with its values filled in, which `_` can still translate.

    Args:
        message: The message in English, with names in braces.
        values: What the names stand for; a message among them is translated, too.
    """

    message: str
    values: Mapping[str, object]

    def __new__(cls, message: str, /, **values: object) -> Self:
        """Fill in the values."""
        # An exception would keep the variables of the functions that it has left.
        values = {
            name: message_of(x) if isinstance(x, Exception) else x for name, x in values.items()
        }
        made = super().__new__(cls, message.format(**values) if values else message)
        made.message = message
        made.values = values
        return made


def message_of(error: BaseException) -> Message:
    """Return what an exception says: the message that it was raised with, if it was."""
    said = error.args[0] if len(error.args) == 1 else None
    return said if isinstance(said, Message) else Message(str(error))


def _(message: str | BaseException, /, **values: object) -> str:
    """Translate a message, and fill in its values.

    Args:
        message: The message in English, with names in braces, such as ``{port}``; or a `Message`,
            or an exception that was raised with one.
        values: What the names stand for. It may come from programs: it is no format itself.
    """
    if isinstance(message, BaseException):
        message = message_of(message)
    if isinstance(message, Message):
        return _(message.message, **{**message.values, **values})
    translated = _translations.gettext(message) if message else ""  # "": the catalogue's header
    return _formatter.format(translated, **values) if values else translated


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """Translate a message with a number, which it names ``{n}``; see `_`.

    Args:
        one: The message for one.
        many: The message for any other number.
        n: The number.
        values: What other names stand for.
    """
    return _formatter.format(_translations.ngettext(one, many, n), n=n, **values)


def number(value: float, spec: str = "") -> str:
    """Return a number with the separators of the language.

    Args:
        value: The number.
        spec: Its format, as in `format`.
    """
    return _formatter.format_field(value, spec)


def N_(message: str, /, **values: object) -> Message:  # noqa: N802 (gettext's name)
    """Mark a message that is translated later, and fill in its values in English."""
    return Message(message, **values)


class _Formatter(string.Formatter):
    """Fills in values as `str.format` does, with the separators of the language in numbers."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Message | BaseException):
            value = _(value)
        text: str = super().format_field(value, format_spec)
        if not isinstance(value, int | float):
            return text
        separators = _translations.gettext(",.")  # of groups of digits, and of decimals
        return text.translate(str.maketrans(",.", separators))


_formatter = _Formatter()
