"""Which known word somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from twisted_lab.text.language import _

_MOST = 3  # known words that begin with what was given


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known words like an unknown one, with / between them; "" if there are none."""
    from difflib import get_close_matches  # takes longer than a whole start, and is rarely needed

    known = list(dict.fromkeys(known))
    longer = [each for each in known if word and each.startswith(word)]
    # difflib's ratio from which words are alike; that of "eko" and "echo" is 0.57.
    cutoff = 0.6 if len(word) > 3 else 0.55
    if 0 < len(longer) <= _MOST:
        return " / ".join(longer)
    # --ca-file is rather --ca than --token-file, of which more letters are the same.
    begins_so = [each for each in known if _beginning(each) == _beginning(word)]
    found = get_close_matches(word, begins_so, 1, cutoff)
    return "".join(found or get_close_matches(word, known, 1, cutoff))


def _beginning(word: str) -> str:
    return word.strip("-").partition("-")[0]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names the known words like an unknown one; "" if there are none."""
    found = nearest(word, known)
    return _("did you mean {word}?", word=found) if found else ""


def advice(word: str, known: Iterable[str]) -> str:
    """Return what to do about an unknown word: the question, or all known words."""
    known = list(known)
    return did_you_mean(word, known) or _("expected one of {known}", known=", ".join(known))


def with_nearest(problem: str, word: str, known: Iterable[str]) -> str:
    """Return a problem with an unknown word, and the question after it if there is one."""
    question = did_you_mean(word, known)
    return f"{problem}; {question}" if question else problem
