"""The program of a demonstration without its narration: a plain program, to be copied.

What it says becomes comments. What its sockets print about an answer becomes a call of `print`.
"""

from __future__ import annotations

import ast
import re
import textwrap

from twisted_lab.text.language import _

_WIDTH = 99  # columns
_NARRATION, _LANGUAGE = "twisted_lab.show.narration", "twisted_lab.text.language"
_NAMED_SOCKET = re.compile(r'\bSocket\("\w+"(?:, )?')  # the plain one has no name
_ANSWERS = ("getsockopt", "recv", "recvfrom")  # calls that are made to see what they return


def plain_program(source: str, question: str) -> str:
    """Return the program, with its sentences in the language of the run.

    Args:
        source: The program of a demonstration.
        question: What it answers, already translated.
    """
    lines = source.splitlines()
    statements = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.stmt)]
    has_socket = any(getattr(each, "module", "") == "socket" for each in statements)
    # From the end, so that the numbers of the lines before stay right.
    for statement in sorted(statements, key=lambda each: -each.lineno):
        new = _plain(statement, has_socket)
        if new is not None:
            begin, end = statement.lineno - 1, statement.end_lineno or statement.lineno
            comment = lines[end - 1].encode()[statement.end_col_offset :].decode()
            indent = " " * statement.col_offset
            lines[begin:end] = [f"{indent}{line}{comment}" for line in new]
            if not (new or lines[begin - 1] or lines[begin]):
                del lines[begin]  # one of two blank lines around imports that are left out
    lines[0] = f'"""{question}"""'
    text = _NAMED_SOCKET.sub("socket(", "\n".join(lines))
    return re.sub(r"(\n +)(#.*)(?=\nelse:)", r"\1\2\1pass", text)  # comments alone are no block


def _plain(statement: ast.stmt, has_socket: bool) -> list[str] | None:
    """Return the lines that take the place of a statement, without indentation; None to keep it."""
    match statement:
        case ast.ImportFrom(module="socket", names=names):
            return [f"from socket import {', '.join([*(each.name for each in names), 'socket'])}"]
        case ast.ImportFrom(module=module, names=names) if module == _NARRATION:
            needed = [] if has_socket else ["socket"]
            needed += ["select"] if any(each.name == "select" for each in names) else []
            return [f"from {name} import {name}" for name in needed]
        case ast.ImportFrom(module=module) if module == _LANGUAGE:
            return []
        case ast.Expr(ast.Call(ast.Name("step"), [ast.Call(args=[message])])):
            return _comment(_(ast.literal_eval(message)))
        case ast.Expr(ast.Call(ast.Name("conclude"), [ast.Call(args=[message])])):
            return _comment(_("This shows: {sentence}", sentence=_(ast.literal_eval(message))))
        case ast.Expr(ast.Call(ast.Name("fact"), [text])):
            return [f"print({_printed(text)})"]
        case ast.Expr(ast.Call(ast.Attribute(attr=name)) as call) if name in _ANSWERS:
            return [f"print({ast.unparse(call)})"]
    return None


def _comment(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _printed(text: ast.expr) -> str:
    """Return an expression as it is; a message with values becomes an f-string."""
    match text:
        case ast.Call(ast.Name("_"), [ast.Constant(value=str(message))], keywords):
            message = _(message)
            for each in keywords:
                value = ast.unparse(each.value)
                message = re.sub(rf"{{{each.arg}(?=[:}}])", f"{{{value}", message)
            return f'f"{message}"'
    return ast.unparse(text)
