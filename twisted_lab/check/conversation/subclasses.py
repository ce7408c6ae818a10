"""Subclasses of ``socket.socket`` in Python sources. Pure; nothing is imported or executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

_SOCKET = "socket.socket"
_MOST_GENERATIONS = 5


def socket_subclasses(modules: Sequence[ast.Module]) -> dict[str, bool]:
    """Return the subclasses of ``socket.socket``, and whether something uses each.

    A class counts by its name, whichever of the modules it stands in.

    Args:
        modules: All modules of a program.
    """
    classes = [each for module in modules for each in _classes(module)]
    found: dict[str, None] = {}
    for _ in range(_MOST_GENERATIONS):  # a subclass may stand before its base
        for name, bases in classes:
            if any(base == _SOCKET or base.rpartition(".")[2] in found for base in bases):
                found[name] = None
    used = {name for module in modules for name in _used(module)}
    return {name: name in used for name in found}


def parsed(source: str) -> ast.Module | None:
    """Return a module, or None if it is no Python 3."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # Python 2, a zero byte, or too deep


def _classes(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of the classes of a module, and the full names of their bases."""
    names = {"socket": "socket"}  # what a module gives them
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {each.asname or each.name: each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "socket":
            imported = {each.asname or each.name: f"socket.{each.name}" for each in node.names}
            if "*" in imported:
                imported["socket"] = _SOCKET
            names |= imported
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield node.name, [_full_name(base, names) for base in node.bases]


def _full_name(base: ast.expr, names: dict[str, str]) -> str:
    if isinstance(base, ast.Name):
        return names.get(base.id, base.id)
    if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
        return f"{names.get(base.value.id, base.value.id)}.{base.attr}"
    return ""


def _used(module: ast.Module) -> Iterator[str]:
    """Yield the names that a module uses, other than a class inside of itself."""
    pending: list[tuple[ast.AST, str]] = [(module, "")]
    while pending:
        node, inside = pending.pop()
        if isinstance(node, ast.Name) and node.id != inside:
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        own = node.name if isinstance(node, ast.ClassDef) else inside
        pending.extend((child, own) for child in ast.iter_child_nodes(node))
