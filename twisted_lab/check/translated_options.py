"""Options whose help and errors are in the checker's language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twisted.python.usage import UsageError

from twisted_lab.check import language
from twisted_lab.check.language import N_, _
from twisted_lab.text import command_line, option

# Words that `command_line.Options` and Twisted add to the help.
_ADDED = (
    N_("Options:"),
    N_("[default:"),
    N_("Display this help and exit."),
    N_("Display the version and exit."),
)
# Texts of getopt and of other packages, word for word.
_SAID = (
    N_("option {name} not recognized"),
    N_("option {name} not a unique prefix"),
    N_("option {name} requires argument"),
    N_("option {name} must not have an argument"),
    N_("{name} needs a value that is not empty"),
    N_("{name}: expected a whole number from {least} up, not {text}"),
    N_("{name}: expected a whole number from {least} to {most}, not {text}"),
    N_("{name}: expected one of {known}, not {text}"),
    N_("{name}: a port is a number from 0 to 65535, not {text}"),
    N_("{name}: a port to connect to is a number from 1 to 65535, not {text}"),
    N_("{name}: a host is a name or an IP address, such as localhost, not {text}"),
    N_("cannot write {file}: {reason}"),
)


def translated(text: str) -> str:
    """Return what others say in English in the checker's language."""
    for message in _SAID:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(message))
        if found := re.fullmatch(pattern, text, re.DOTALL):
            return _(message, **found.groupdict())
    return text


def _language(text: str) -> str:
    if text not in language.LANGUAGES:
        known = ", ".join(language.LANGUAGES)
        raise UsageError(_("expected one of {known}, not {text!r}", known=known, text=text))
    return text


class TranslatedOptions(command_line.Options):
    """Options whose help and errors are in the checker's language."""

    lang = option.parsed(
        N_("Language of the messages: en or ru. [default: that of the locale]"),
        _language,
        default=None,
        metavar="en|ru",
    )

    def parse(self, options: Sequence[str]) -> None:
        """See `Options.parse`; options may stand behind words."""
        # Before anything is said, also about options that stand before --lang.
        for lang in re.findall("--lang[= ](\\w+)", " ".join(options)):
            if lang in language.LANGUAGES:
                language.use(lang)
        try:
            super().parse(self.options_first(options))
        except UsageError as error:
            raise UsageError(translated(str(error))) from None

    def help_hint(self) -> str:
        """See `Options.help_hint`."""
        return _("--help lists the options")

    def getUsage(self, width: int | None = None) -> str:
        """See `twisted.python.usage.Options`; the words that Twisted adds are translated, too."""
        self.docs = {name: _(doc) for name, doc in self.docs.items()}
        text = super().getUsage(width)
        for words in _ADDED:
            text = text.replace(words, _(words))
        return text
