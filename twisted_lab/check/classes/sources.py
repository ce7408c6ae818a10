"""Sources of a submission: what their text tells without running or parsing it.

Nothing is parsed: a submission may be Python 2, half finished, or made to break a parser. Each
pattern reads a text once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

# Comments and strings; those that never end go up to the end of the line, or of the text.
_QUOTED = r"'(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?"
_PYTHON = re.compile(rf'(?s)""".*?(?:"""|\Z)|\'\'\'.*?(?:\'\'\'|\Z)|{_QUOTED}|#[^\n]*')
_SHELL = re.compile(rf"(?s){_QUOTED}|(?<!\S)#[^\n]*")
_C_LIKE = re.compile(rf"(?s)/\*.*?(?:\*/|\Z)|//[^\n]*|{_QUOTED}")
_NOISE = {"py": _PYTHON, "sh": _SHELL, "rb": _SHELL, "pl": _SHELL}
_NAME = re.compile(r"[A-Za-z_]\w*")
# Without the boundary, each letter of a long word would be another beginning.
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
# What shell scripts use instead of sockets.
_SHELL_CALLS = re.compile(r"\b(?:ncat|nc|netcat|socat)\b[^\n|;]{0,100}|/dev/tcp/")
_SHELL_LISTENS = re.compile(r"\s-\w*l|\s--listen|LISTEN")
_IMPORTED = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w., \t]+)", re.MULTILINE)
_ARGUMENTS = re.compile(r"\b(?:argv|ArgumentParser|optparse|getopt|click|fire)\b|\$[12]\b")
_DECLARED = re.compile(
    r"add_argument\(\s*['\"]([\w-]{1,40})['\"](?:,\s*['\"](--[\w-]{1,40})['\"])?"
)
_SECOND = re.compile(
    r"argv(?:\[[23]|\s*\)\s*(?:==|!=|<|>|<=|>=)\s*3)|,\s*\w+\s*=\s*sys\.argv|\$2\b"
)
RUNNABLE = {"py": "{python}", "js": "node", "mjs": "node", "sh": "bash", "rb": "ruby", "pl": "perl"}
COMPILED = frozenset(("c", "cc", "cpp", "cxx", "go", "rs", "java", "cs", "kt", "pas"))
_OURS = re.compile(r"python(?:3(?:\.\d+)?)?")  # interpreters that --python replaces


@dataclass(frozen=True)
class Source:
    """One file of a submission.

    Attributes:
        path: Its path in the submission, with slashes.
        text: Its first bytes as text; those of a compiled program as ISO 8859-1.
        is_executable: Whether it may be executed.
    """

    path: str
    text: str
    is_executable: bool = False

    @property
    def stem(self) -> str:
        """The name without folder and suffix."""
        return PurePosixPath(self.path).stem

    @property
    def suffix(self) -> str:
        """The suffix in lower case, without the dot."""
        return PurePosixPath(self.path).suffix[1:].lower()

    @property
    def is_program(self) -> bool:
        """Whether it runs, or could be built."""
        return self.is_binary or self.interpreter is not None or self.suffix in COMPILED

    @property
    def is_binary(self) -> bool:
        """Whether it is a compiled program."""
        return self.text.startswith("\x7fELF")

    @cached_property
    def interpreter(self) -> str | None:
        """What runs it: a program, ``{python}``, or "" for itself; None if nothing does."""
        if self.is_binary:
            return "" if self.is_executable else None
        first, _, _ = self.text.partition("\n")
        if first.startswith("#!"):
            words = first[2:].split() or [""]
            name = PurePosixPath(words[0]).name
            if name == "env":
                name = words[-1]
            if not _OURS.fullmatch(name) and self.suffix != "py":
                return name if re.fullmatch(r"[\w.+-]{1,40}", name) else None
            return name if re.fullmatch(r"python2[\d.]*", name) else "{python}"
        return RUNNABLE.get(self.suffix)

    @cached_property
    def code(self) -> str:
        """The text without comments and strings."""
        language = "py" if self.interpreter in ("{python}", "python2") else self.suffix
        return _NOISE.get(language, _C_LIKE).sub(" ", self.text)

    @cached_property
    def calls(self) -> frozenset[str]:
        """The names of all functions that it calls, or defines."""
        if self.is_binary:
            return frozenset(_NAME.findall(self.text))  # the symbols that it is linked with
        if self.interpreter in ("bash", "sh"):
            commands = _SHELL_CALLS.findall(self.text)
            return frozenset(
                "ncat -l" if _SHELL_LISTENS.search(each) else "ncat" for each in commands
            )
        return frozenset(_CALLED.findall(self.code))

    @cached_property
    def names(self) -> frozenset[str]:
        """All its identifiers, in lower case."""
        return frozenset(name.lower() for name in _NAME.findall(self.code))

    @cached_property
    def imports(self) -> frozenset[str]:
        """The names of the modules that a Python program imports."""
        lines = _IMPORTED.findall(self.text)
        return frozenset(word for line in lines for word in re.findall(r"\w+", line))

    @cached_property
    def squeezed(self) -> str:
        """The text without white space, to compare it with a template's."""
        return "".join(self.text.split())

    def arguments(self, is_client: bool) -> tuple[str, ...]:
        """Return the arguments that it seems to take, ``{host}`` and ``{port}``; mostly none.

        Args:
            is_client: Whether it is a client, to which a host matters more.
        """
        if not _ARGUMENTS.search(self.text):
            return ()
        found: list[str] = []
        for first, long in _DECLARED.findall(self.text)[:20]:
            name = long or first
            value = _value(name)
            if value:
                found += [name, value] if name.startswith("-") else [value]
        if found:
            return tuple(found)
        return ("{host}", "{port}") if is_client or _SECOND.search(self.text) else ("{port}",)


def _value(name: str) -> str:
    word = name.strip("-").lower()
    if "port" in word:
        return "{port}"
    return "{host}" if re.search(r"host|addr|\bip|server", word) else ""
