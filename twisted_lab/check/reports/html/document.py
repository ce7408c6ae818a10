"""Parts of all pages: the head, the style, and the symbols of verdicts."""

from __future__ import annotations

from twisted_lab.check.reports.markup import Markup, element
from twisted_lab.check.reports.style import Style
from twisted_lab.check.verdicts import Finding, Verdict
from twisted_lab.text.language import _, number

# The last line of defence: a browser neither runs nor loads anything, whatever the page says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = Markup(
    """
:root { color-scheme: light dark; --ground: #fff; --text: #1a1a1a; --line: #c4c4c4; --soft: #f3f3f3;
  --shadow: #999;
  --pass: #17632a; --fail: #b3261e; --weak: #7a4b00; --info: #00616b; --not-offered: #5f5f5f;
  --not-checked: #0b57a4; --flaky: #7b1fa2 }
@media (prefers-color-scheme: dark) { :root { --ground: #16181c; --text: #ececec; --line: #4a4d52;
  --shadow: #777; --soft: #22252a;
  --pass: #7bd88f; --fail: #ff8a80; --weak: #ffc266; --info: #6fd6e0;
  --not-offered: #a8a8a8; --not-checked: #8ab8f5; --flaky: #d9a5f0 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: auto; padding: 1rem;
  color: var(--text); background: var(--ground); overflow-wrap: break-word }
body.wide { max-width: none }
h2, h3 { margin: 2rem 0 .5rem }
a { color: inherit }
table { border-collapse: collapse }
th, td { padding: .2rem .5rem; border: 1px solid var(--line); text-align: start;
  vertical-align: top }
.cell { text-align: center; white-space: nowrap }
th.short { white-space: nowrap }
@media (min-width: 40rem) { .short { white-space: nowrap } }
@media (max-width: 40rem) { table { font-size: .8rem; hyphens: auto } th, td { padding: .2rem } }
/* The shadow at the right edge says that the table scrolls; the ground at its end covers it. */
.scroll { overflow: auto; max-height: 90vh; width: fit-content; max-width: 100%;
  background: linear-gradient(to left, var(--ground) 50%, transparent) right / 4rem 100% local,
    linear-gradient(to left, var(--shadow), transparent) right / 2rem 100% scroll;
  background-repeat: no-repeat }
.scroll th { background: var(--soft); position: sticky; z-index: 1 }
.scroll thead th { top: 0; white-space: nowrap; vertical-align: bottom }
.scroll thead th.id { writing-mode: vertical-rl; vertical-align: top }
.scroll tbody th { left: 0; font-weight: normal; min-width: 9rem; max-width: 16rem;
  overflow-wrap: anywhere }
.scroll thead th:first-child { z-index: 2; left: 0 }
.symbol { font: bold 1rem monospace; display: inline-block; width: 1.2em; text-align: center }
.pass { color: var(--pass) } .fail { color: var(--fail) } .weak { color: var(--weak) }
.info { color: var(--info) } .not-offered { color: var(--not-offered) }
.not-checked { color: var(--not-checked) } .flaky { color: var(--flaky) }
section.finding { border-inline-start: .3rem solid; padding-inline-start: 1rem; margin: 2rem 0 }
section.finding > * { color: var(--text) }
section.finding h3 { margin: 0 }
pre { font: 13px/1.4 monospace; background: var(--soft); padding: .5rem; overflow-x: auto }
ol, ul { padding-inline-start: 2rem }
img { max-width: 100%; height: auto }
@media print { .scroll { overflow: visible; max-height: none; background: none }
  .scroll th { position: static } section.finding { break-inside: avoid }
  pre { white-space: pre-wrap } }
"""
)


def document(title: str, *content: str, is_wide: bool = False) -> str:
    """Return a page.

    Args:
        title: Its title, and the heading at its top.
        content: What follows.
        is_wide: Whether it may be as wide as the window.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("title", title),
        element("style", _STYLE),
    )
    body = element(
        "body", element("main", element("h1", title), *content), class_="wide" if is_wide else ""
    )
    # Translators: the code of your language, for the attribute lang of HTML.
    return "<!DOCTYPE html>\n" + element("html", head, body, lang=_("en")) + "\n"


def symbol(verdict: Verdict, word: str = "") -> Markup:
    """Return the symbol of a verdict.

    Args:
        verdict: The verdict.
        word: What a screen reader says instead; "" if a word stands beside the symbol.
    """
    attributes = {"role": "img", "aria-label": word} if word else {"aria-hidden": "true"}
    look = f"symbol {style_class(verdict)}"
    return element("span", Style().mark(verdict), class_=look, **attributes)


def word(finding: Finding) -> str:
    """Return the verdict as a word, and whether it was given by hand."""
    verdict = _(finding.verdict.value)
    return _("{verdict}, by hand", verdict=verdict) if finding.is_given else verdict


def mark_said(mark: float) -> str:
    """Return a mark in at most three decimals, as the language writes numbers."""
    return number(round(mark, 3), "g")


def style_class(verdict: Verdict) -> str:
    """Return the class of a verdict in the style."""
    return verdict.value.replace(" ", "-")


def legend() -> Markup:
    """Return what the symbols mean."""
    words = [element("li", symbol(each), " ", _(each.value)) for each in Verdict]
    return element("ul", *words, element("li", "* ", _("given by hand")))


def items(texts: list[str], kind: str = "ul") -> Markup:
    """Return a list."""
    return element(kind, *(element("li", each) for each in texts))
