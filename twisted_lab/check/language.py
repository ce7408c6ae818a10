"""The language of all that the checker says to people.

Messages are English in the source. `_` translates a message where it is said, and `N_` marks one
that is data and is translated where it is shown. ``pybabel extract`` finds both by their names.
"""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "twisted_lab.check"
FOLDER = Path(__file__).parent / "locale"
SOURCE = "en"

_translations = gettext.NullTranslations()


def use(language: str) -> None:
    """Say everything in a language from now on.

    Args:
        language: ``en``, or the name of a folder in `FOLDER`.

    Raises:
        FileNotFoundError: There is no translation into it.
    """
    global _translations  # one program speaks one language
    _translations = (
        gettext.NullTranslations()
        if language == SOURCE
        else gettext.translation(DOMAIN, FOLDER, [language])
    )


def _(message: str, /, **values: object) -> str:
    """Translate a message, and fill in its values.

    Args:
        message: The message in English, with names in braces, such as ``{port}``.
        values: What the names stand for. It may come from programs: it is no format itself.
    """
    translated = _translations.gettext(message)
    return translated.format(**values) if values else translated


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """Translate a message with a number, which it names ``{n}``; see `_`.

    Args:
        one: The message for one.
        many: The message for any other number.
        n: The number.
        values: What other names stand for.
    """
    return _translations.ngettext(one, many, n).format(n=n, **values)


def N_(message: str) -> str:  # noqa: N802 (gettext's name)
    """Mark a message that is translated later."""
    return message
