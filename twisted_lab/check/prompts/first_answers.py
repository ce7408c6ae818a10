"""Answers that are tried before the usual ones: a default, or nonsense."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted_lab.check.prompts.question import Kind, Question

Answer = Callable[[Question, Sequence[Question]], str | None]


class FirstAnswers:
    """Answers kinds of questions with lines of its own first, then as usual.

    Args:
        lines: The lines for each kind of question; None is the word for the default.

    Attributes:
        lines: The lines that have not been tried yet.
        refused: The kinds of questions for which none of the lines was taken.
    """

    def __init__(self, lines: dict[Kind, list[str | None]]) -> None:
        self.lines = lines
        self.refused: set[Kind] = set()
        self._asked: list[Question] = []  # those that were answered as usual

    def decide(self, question: Question, asked: Sequence[Question], usual: Answer) -> str | None:
        """Answer a question.

        Args:
            question: The question.
            asked: The questions before it.
            usual: Returns the usual answer to a question, given those before it; None leaves it
                to the user, as what a connected client prints.
        """
        kind = question.kind
        if kind not in self.lines:
            return usual(question, asked)
        if lines := self.lines[kind]:
            line = lines.pop(0)
            return question.default_word if line is None else line
        line = usual(question, asked)
        if kind is Kind.UNKNOWN or line is None:  # a connected client asks for no address
            return line
        before = asked[-1].kind
        if before in self.lines.keys() - self.refused - {kind} and kind not in self.refused:
            self.refused.add(before)  # it starts again, because of the answer before
            return question.default_word
        self.refused.add(kind)
        self._asked.append(question)
        return usual(question, self._asked[:-1])
