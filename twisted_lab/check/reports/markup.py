"""Elements of HTML and XML.

Every text is escaped when it becomes a child or an attribute: only `element` makes markup.
"""

from __future__ import annotations

import html

from twisted_lab.text.escaping import escape

_MOST = 10_000  # characters of one text
_KEPT = "\n\N{NO-BREAK SPACE}"
_WITHOUT_END = {"meta", "img"}  # of HTML


class Markup(str):
    """Text that is escaped already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str) -> Markup:
    """Return an element.

    Args:
        tag: The name of its tag.
        children: Its content. Text that is no `Markup` is escaped.
        attributes: Its attributes: ``class_`` is class, and ``aria_label`` is aria-label.
    """
    start = tag + "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"'
        for key, value in attributes.items()
    )
    if tag in _WITHOUT_END:
        return Markup(f"<{start}>")
    return Markup(f"<{start}>{''.join(map(_escaped, children))}</{tag}>")


def _escaped(text: str) -> str:
    """Escape text for an element or an attribute, also the characters that XML 1.0 forbids."""
    if isinstance(text, Markup):
        return text
    return html.escape(escape(text[:_MOST], _KEPT) + "..." * (len(text) > _MOST))
