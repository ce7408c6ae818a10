from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.serving import ask, port_number


class PromptTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.prompts: list[str] = []
        self.told: list[str] = []

    def answers(self, *answers: str | type[BaseException]) -> Callable[[str], str]:
        remaining = iter(answers)

        def read(prompt: str) -> str:
            self.prompts.append(prompt)
            answer = next(remaining)
            if isinstance(answer, str):
                return answer
            raise answer

        return read

    def ask(self, *answers: str | type[BaseException]) -> int:
        return ask("Port", 9090, port_number, read=self.answers(*answers), tell=self.told.append)

    def test_an_answer_is_returned(self) -> None:
        self.assertEqual(self.ask(" 9191 "), 9191)
        self.assertEqual(self.prompts, ["Port [9090]: "])

    def test_enter_takes_the_default(self) -> None:
        self.assertEqual(self.ask(""), 9090)

    def test_the_end_of_input_takes_the_default(self) -> None:
        self.assertEqual(self.ask(EOFError), 9090)

    def test_a_closed_input_takes_the_default(self) -> None:
        self.assertEqual(self.ask(RuntimeError), 9090)

    def test_a_bad_answer_is_explained_and_asked_again(self) -> None:
        self.assertEqual(self.ask("x", "70000", "7"), 7)
        self.assertEqual(len(self.prompts), 3)
        self.assertEqual(
            self.told,
            [
                "a port is a number from 0 to 65535, not 'x'",
                "a port is a number from 0 to 65535, not '70000'",
            ],
        )

    def test_exit_ends_the_program(self) -> None:
        end = self.assertRaises(SystemExit, self.ask, " exit")
        self.assertEqual(end.code, 0)

    def test_an_interrupt_ends_the_program_silently(self) -> None:
        interrupt = self.assertRaises(SystemExit, self.ask, KeyboardInterrupt)
        self.assertEqual(interrupt.code, 130)
