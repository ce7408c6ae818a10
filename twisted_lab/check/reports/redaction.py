"""Passwords in a submission's data files, which no report quotes."""

from __future__ import annotations

import re
from collections.abc import Collection

from twisted_lab.check.reports.mapping import map_texts, own_words, words
from twisted_lab.check.verdicts import Report

_REMOVED = "(password)"


def redacted(report: Report, secrets: Collection[str]) -> Report:
    """Return a report in which secrets that stand alone, as whole words, are replaced."""
    forms = {
        form for each in set(secrets) - own_words(report) - words(_REMOVED) for form in _forms(each)
    }
    hidden = sorted(forms, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in (each for each in hidden if each in text):
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _REMOVED, text)
        return text

    return map_texts(report, redact)


def _forms(secret: str) -> set[str]:
    """Return how a program or a report may write a secret: as it is, or as Python quotes it."""
    return {secret, repr(secret)[1:-1], ascii(secret)[1:-1], repr(secret.encode())[2:-1]}
