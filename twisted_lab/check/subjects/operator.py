"""The person at a program's terminal, who answers its questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted_lab.check.prompts.question import Question
from twisted_lab.check.prompts.reading import read_question
from twisted_lab.check.subjects.program import Program

MOST_ANSWERS = 30

Answer = Callable[[Question, Sequence[Question]], str | None]


class Operator:
    """Answers the questions of a program, as long as it is attended.

    Args:
        program: The program.
        answer: Returns the answer to a question, given the questions before it; None leaves it
            unanswered.

    Attributes:
        questions: The questions so far.
        answers: What was typed, one for each question.
    """

    def __init__(self, program: Program, answer: Answer) -> None:
        self.program = program
        self.questions: list[Question] = []
        self.answers: list[str] = []
        self._answer = answer
        self._left_alone = -1  # the length of the text that held a question without an answer

    async def attend(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Answer questions until something is true.

        Args:
            condition: What to wait for.
            seconds: How long to wait for it, from the last answer.

        Returns:
            Whether it became true. Not, if the program has ended or waits for something else.
        """
        while not await self.program.until(condition, seconds):
            if self.program.has_ended or not self.answer_question():
                return condition()
        return True

    def answer_question(self) -> bool:
        """Answer the question that the program waits at; return whether there was one."""
        length = len(self.program.terminal.text)
        if (
            len(self.answers) >= MOST_ANSWERS
            or self._left_alone == length
            or not self.program.look().wants_terminal
        ):
            return False
        question = read_question(self.program.unanswered)
        line = self._answer(question, self.questions)
        if line is None:
            self._left_alone = length
            return False
        self.questions.append(question)
        self.answers.append(line)
        self.program.type_line(line)
        return True
