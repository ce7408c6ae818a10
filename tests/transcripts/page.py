"""The files and commands of a page, with their output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARKS = ("not run", "first", "meanwhile", "type", "answer", "status")
"""The kinds of marks, which CONTRIBUTING.md explains."""

_PART = re.compile(
    r"^#+ (?P<heading>[^\n]+)$"
    r"|(?P<marks>(?:^<!-- [^\n]* -->\n)*)^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(rf"<!-- ({'|'.join(MARKS)}): (.+) -->")

# Parts that differ from run to run: pairs of hexadecimal digits (and times), random words, numbers.
_VARIES = re.compile(
    r"(?P<rest>\.\.\.)|(?P<space>\s+)"
    r"|(?P<pairs>\b[0-9A-F]{2}(?::[0-9A-F]{2})+\b)"
    r"|(?P<word>\b(?=\w*\d)(?=\w*[A-Za-z])\w{8,}\b)"
    r"|(?P<number>\d+(?:[.,:]\d+)*)"
)
_ANY = {
    "rest": ".*",
    "space": r"\s+",
    "pairs": "[0-9A-F]+(?::[0-9A-F]{2})+",
    "word": r"[\w-]+",
    "number": r"\d+(?:[.,:]\d+)*(?:\.dev0)?",
}


@dataclass(frozen=True)
class Section:
    """A heading."""

    heading: str


@dataclass(frozen=True)
class File:
    """A file that the page shows."""

    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command, and the lines below it in the transcript."""

    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """A console block.

    Attributes:
        line: The number of the line in the page where it begins.
        commands: What is run, in order.
        first: Commands that the page does not show, run before them.
        meanwhile: Commands that the page does not show, run when its last command listens.
        typed: Lines of the block that the reader types, besides those after ``> ``.
        answers: What the reader types at prompts, and the terminal does not show.
        status: The exit status of its last command.
    """

    line: int
    commands: tuple[Command, ...]
    first: tuple[str, ...] = ()
    meanwhile: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    status: int = 0


def parse(page: str) -> Iterator[Section | File | Transcript]:
    """Yield the headings, the files and the transcripts of a page, in order.

    Blocks with the mark ``not run``, and those of root, are left out.

    Raises:
        ValueError: A mark or a block is malformed.
    """
    for part in _PART.finditer(page):
        heading, marks, language, text = part.groups()
        if heading:
            yield Section(heading)
            continue
        if language != "console":
            if shown := re.match(r"# (\S+\.\w+)\n", text):
                yield File(shown[1], text[shown.end() :])
            continue
        line = page.count("\n", 0, part.start("language")) + 1
        said = {kind: tuple(_texts(kind, marks)) for kind in MARKS}
        if sum(map(len, said.values())) != marks.count("\n"):
            raise ValueError(f"line {line}: a mark is one of {', '.join(MARKS)}")
        if not said["not run"] and not text.startswith("# "):
            status = int(said["status"][0]) if said["status"] else 0
            commands = tuple(_commands(line, text))
            yield Transcript(
                line,
                commands,
                first=said["first"],
                meanwhile=said["meanwhile"],
                typed=said["type"],
                answers=said["answer"],
                status=status,
            )


def _texts(kind: str, marks: str) -> Iterator[str]:
    return (text for found, text in _MARK.findall(marks) if found == kind)


def _commands(line: int, text: str) -> Iterator[Command]:
    before, *commands = re.split(r"^\$ ", text, flags=re.MULTILINE)
    if before:
        raise ValueError(f"line {line}: a console block begins with a command")
    for command in commands:
        first, *rest = command.splitlines()
        yield Command(first, tuple(filter(str.strip, rest)))


def pattern(line: str) -> re.Pattern[str]:
    """Return what the output must match, as a whole, where a page shows `line`.

    Numbers, times, addresses and random words match others of their kind, space any space, and
    ``...`` the rest.
    """
    parts, end = [], 0
    for varies in _VARIES.finditer(line):
        parts += [re.escape(line[end : varies.start()]), _ANY[str(varies.lastgroup)]]
        end = varies.end()
    return re.compile("".join([*parts, re.escape(line[end:])]))
