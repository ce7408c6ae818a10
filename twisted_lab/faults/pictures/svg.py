"""Sequence diagrams as SVG.

Each fate of a message has a shape and a line of its own in addition to a colour. The picture is
dark for readers who have chosen dark, and its parts have titles for screen readers.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from math import atan2, degrees

from twisted_lab.faults.pictures.diagram import Arrow, Fate, Layout
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import N_, _

_LEFT, _TOP, _ROW, _COLUMN = 90, 100, 30, 340  # pixels
_LEGEND = 120  # pixels for one word of the legend
_MOST_TEXT, _MOST_NAME = 22, 44  # characters, at 6.6 pixels each

# Paths that point to the right, with the tip at 0, 0.
_HEADS = {
    Fate.DELIVERED: '<path d="M0 0-9-4v8z"/>',
    Fate.LATE: '<path class="open" d="M-9-5 0 0-9 5"/>',
    Fate.CHANGED: '<path d="M0 0-9-4v8z"/>',
    Fate.COPY: '<path class="open" d="M-9-5 0 0-9 5M-15-5-6 0-15 5"/>',
}
# Shapes in the middle of an arrow, or at the end of one that does not arrive.
_MARKS = {
    Fate.CHANGED: '<path d="M-7 0 0-7 7 0 0 7z"/>',
    Fate.LOST: '<path class="open" d="M-6-6 6 6M-6 6 6-6"/>',
    Fate.MISSING: '<path class="open" d="M-6-6H6V6H-6z"/>',
}
_STYLE = """\
.ground { fill: #fff }
text { font: 11px monospace; fill: #1a1a1a; stroke: #fff; stroke-width: 3px; paint-order: stroke }
.name { font-weight: bold }
.life { stroke: #8a8a8a }
.arrow { color: #1a1a1a; stroke: currentColor; fill: currentColor; stroke-width: 1.4px }
.open { fill: none; stroke-width: 2px }
.late { color: #0b57a4 }
.changed { color: #7b1fa2 }
.copy { color: #00695c }
.lost { color: #b3261e }
.missing { color: #5f5f5f }
.late line { stroke-dasharray: 8 4 }
.copy line { stroke-dasharray: 2 3 }
.missing line { stroke-dasharray: 8 3 2 3 }
@media (prefers-color-scheme: dark) {
.ground { fill: #16181c }
text { fill: #ececec; stroke: #16181c }
.life { stroke: #7d7d7d }
.arrow { color: #ececec }
.late { color: #8ab8f5 }
.changed { color: #d9a3ef }
.copy { color: #6fd6c5 }
.lost { color: #ff8f86 }
.missing { color: #b0b0b0 }
}
"""


def draw(layout: Layout) -> str:
    """Return a diagram as an SVG file. Names and texts may come from peers: all are escaped."""
    width = _LEFT + max(_COLUMN * len(layout.ends), _LEGEND * len(Fate))
    height = _TOP + _ROW * (len(layout.times) + 2)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="graphics-document" '
            'aria-labelledby="title desc">',
            f'<title id="title">{_title(layout)}</title>',
            f'<desc id="desc">{_description(layout)}</desc>',
            f"<style>\n{_STYLE}</style>",
            f'<rect class="ground" width="{width}" height="{height}"/>',
            *_legend(layout, height),
            *_lifelines(layout, height),
            *_times(layout),
            *(line for arrow in layout.arrows for line in _arrow(arrow, layout)),
            # After the arrows, so that none crosses a text.
            *(line for arrow in layout.arrows for line in _labels(arrow)),
            "</svg>\n",
        ]
    )


def _clean(text: str, most: int = 1000) -> str:
    shown = escape(text)
    return html.escape(shown if len(shown) <= most else shown[: most - 3] + "...")


def _title(layout: Layout) -> str:
    return _clean(_("Messages between {ends}", ends=", ".join(layout.ends) or N_("nobody")))


def _description(layout: Layout) -> str:
    counts = Counter(arrow.fate for arrow in layout.arrows)
    words = [f"{counts[fate]} {_(fate.value)}" for fate in Fate if counts[fate]]
    words += [_("{count} more are not drawn", count=layout.left_out)] if layout.left_out else []
    return _clean(", ".join(words) or _("no messages"))


def _column(number: int) -> int:
    return _LEFT + _COLUMN // 2 + _COLUMN * number


def _row(number: int) -> int:
    return _TOP + _ROW * (number + 1)


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'


def _lifelines(layout: Layout, height: int) -> Iterator[str]:
    for number, name in enumerate(layout.ends):
        x = _column(number)
        yield f'<line class="life" x1="{x}" x2="{x}" y1="{_TOP}" y2="{height - _ROW}"/>'
        yield _text(x, _TOP - 14, _clean(name, _MOST_NAME), "middle", "name")


def _times(layout: Layout) -> Iterator[str]:
    shown = ""
    for row, time in enumerate(layout.times):
        text = _("{seconds:.3f} s", seconds=time - layout.times[0])
        if text != shown:
            yield _text(_LEFT - 10, _row(row) + 4, text, "end")
        shown = text


def _arrow(arrow: Arrow, layout: Layout) -> Iterator[str]:
    passage, fate = arrow.passage, arrow.fate
    sender, receiver = (
        (passage.left, passage.right) if passage.is_rightwards else (passage.right, passage.left)
    )
    note = _clean(passage.note(arrow.copy))
    time = _("{seconds:.3f} s", seconds=passage.sent - layout.times[0])
    x1, y1, x2, y2 = _line(arrow)
    angle = degrees(atan2(y2 - y1, x2 - x1))
    yield f'<g class="arrow {fate.name.lower()}" role="graphics-symbol">'
    ends = _("{sender} to {receiver}", sender=_clean(sender), receiver=_clean(receiver))
    yield f"<title>{time}: {ends}: {_clean(passage.text)}"
    yield f"{f': {note}' if note else ''}</title>"
    yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
    if fate in _HEADS:
        yield f'<g transform="translate({x2} {y2}) rotate({angle:.1f})">{_HEADS[fate]}</g>'
    if fate in _MARKS:
        x, y = (x2, y2) if not passage.arrivals else ((x1 + x2) / 2, (y1 + y2) / 2)
        yield f'<g transform="translate({x:g} {y:g})">{_MARKS[fate]}</g>'
    yield "</g>"


def _line(arrow: Arrow) -> tuple[int, int, int, int]:
    """Return where an arrow begins and ends: x1, y1, x2, y2."""
    x1, x2 = _column(arrow.start), _column(arrow.end)
    if not arrow.passage.arrivals:
        x2 = (x1 + x2) // 2
    return x1, _row(arrow.first_row), x2, _row(arrow.last_row)


def _labels(arrow: Arrow) -> Iterator[str]:
    passage, note = arrow.passage, _clean(arrow.passage.note(arrow.copy))
    x1, y1, x2, y2 = _line(arrow)
    side = 1 if x2 > x1 else -1
    if not arrow.copy:
        anchor = "start" if side > 0 else "end"
        yield _text(x1 + 8 * side, y1 - 5, _clean(passage.text, _MOST_TEXT), anchor)
    if note and passage.arrivals:
        # At the end: above a level arrow, below a falling one.
        anchor = "end" if side > 0 else "start"
        yield _text(x2 - 20 * side, y2 - 5 if y1 == y2 else y2 + 13, note, anchor)
    elif note:
        # After the shape of one that does not arrive.
        yield _text(x2 + 12 * side, y2 + 4, note, "start" if side > 0 else "end")


def _legend(layout: Layout, height: int) -> Iterator[str]:
    drawn = {arrow.fate for arrow in layout.arrows}
    if drawn == {Fate.DELIVERED}:
        drawn = set()  # a plain arrow needs no explanation
    for number, fate in enumerate(each for each in Fate if each in drawn):
        x, y = 20 + _LEGEND * number, _ROW
        shape = _MARKS.get(fate) or _HEADS[fate]
        yield f'<g class="arrow {fate.name.lower()}">'
        yield f'<line x1="{x}" y1="{y}" x2="{x + 30}" y2="{y}"/>'
        yield f'<g transform="translate({x + (15 if fate in _MARKS else 30)} {y})">{shape}</g></g>'
        yield _text(x + 40, y + 4, _(fate.value))
    if layout.left_out:
        yield _text(20, height - 10, f"{layout.left_out} more messages are not drawn.")
