"""The option for the language of the messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twisted.python.usage import UsageError

from twisted_lab.text import command_line, language, option
from twisted_lab.text.language import N_, _


def _language(text: str) -> str:
    if text not in language.LANGUAGES:
        known = ", ".join(language.LANGUAGES)
        raise UsageError(_("expected one of {known}, not {text!r}", known=known, text=text))
    return text


class LanguageOption(command_line.Options):
    """Options with a language, which may also stand behind words."""

    lang = option.parsed(
        N_("Language of the messages: en or ru. [default: that of the locale]"),
        _language,
        default=None,
        metavar="en|ru",
    )

    def parse(self, options: Sequence[str]) -> None:
        """See `Options.parse`."""
        # Before anything is said, also about options that stand before --lang.
        for lang in re.findall("--lang[= ](\\w+)", " ".join(options)):
            if lang in language.LANGUAGES:
                language.use(lang)
        super().parse(options)
