"""The command `netlab`: its words and errors, and what completion offers."""

from __future__ import annotations

import io
import sys
from importlib import import_module

from twisted.scripts import twistd
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab import __version__
from twisted_lab.command import completion, dispatch
from twisted_lab.command.dispatch import PROGRAMS
from twisted_lab.command.tree import places
from twisted_lab.text.command_line import as_started


class CommandTests(SynchronousTestCase):
    def start(self, *words: str) -> tuple[int, str, str]:
        """Return the exit status, the output and the errors of ``netlab WORDS``."""
        self.patch(sys, "argv", ["/usr/bin/netlab", *words])
        self.patch(sys, "excepthook", sys.excepthook)
        output, errors = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", output)
        self.patch(sys, "stderr", errors)
        status: object = 0
        try:
            dispatch.main()
        except SystemExit as end:
            status = end.code
        assert isinstance(status, int)
        return status, output.getvalue(), errors.getvalue()

    def twistd_started(self, *words: str) -> list[str]:
        """Return the arguments with which ``netlab run WORDS`` starts twistd."""
        started: list[str] = []
        self.patch(twistd, "run", lambda: started.extend(sys.argv[1:]))
        self.assertEqual(self.start("run", *words), (0, "", ""))
        return started

    def test_help_lists_all_words(self) -> None:
        status, output, errors = self.start("--help")
        self.assertEqual((status, errors), (0, ""))
        for word in PROGRAMS:
            self.assertIn(f"\n  {word} ", output)
        for words in ([], ["-h"], ["help"]):
            self.assertEqual(self.start(*words), (0, output, ""))

    def test_version(self) -> None:
        for word in ("--version", "version"):
            self.assertEqual(self.start(word), (0, f"twisted_lab {__version__}\n", ""))

    def test_an_unknown_word_is_answered_with_the_nearest(self) -> None:
        for word, advice in (
            ("--hlep", "did you mean --help?"),
            ("clinet", "did you mean client?"),
            ("xyz", f"expected one of {', '.join(PROGRAMS)}"),
            ("echo", "netlab run echo starts this service, and netlab client echo connects to it"),
        ):
            line = f"netlab: there is no command {word!r}; {advice}\n"
            self.assertEqual(self.start(word), (2, "", line))

    def test_run_starts_all_services(self) -> None:
        self.assertEqual(self.twistd_started(), ["-n", "netlab"])
        self.assertEqual(self.twistd_started("--tls"), ["-n", "netlab", "--tls"])

    def test_run_starts_one_service(self) -> None:
        for service in ("echo", "netlab-echo"):
            self.assertEqual(
                self.twistd_started(service, "--port", "0"), ["-n", "netlab-echo", "--port", "0"]
            )

    def test_an_unknown_service_is_answered_with_the_nearest(self) -> None:
        line = "netlab run: there is no service 'ehco'; did you mean echo?\n"
        self.assertEqual(self.start("run", "ehco"), (2, "", line))

    def test_every_word_has_a_main_and_errors_name_the_program(self) -> None:
        for word, program in PROGRAMS.items():
            self.assertTrue(callable(import_module(program.module).main))
            if word not in ("run", "faults"):
                status, output, errors = self.start(word, "--no-such-option")
                self.assertEqual((status, output), (2, ""))
                self.assertRegex(errors, rf"^netlab {word}: .*\n$")

    def test_help_names_the_program_as_it_was_started(self) -> None:
        self.assertRegex(self.start("client", "--help")[1], r"^Usage: netlab client \[SERVICE\]")
        self.assertRegex(self.start("check", "--help")[1], r"^Usage: netlab check TASK")
        self.assertRegex(self.start("check", "class", "--help")[1], r"^Usage: netlab check class ")
        for usage, as_netlab in (
            ("Usage: python -m twisted_lab.check X", "Usage: netlab check X"),
            ("Usage: twistd [options] netlab-echo  [options]", "Usage: netlab run echo [options]"),
            ("Usage: twistd [options] netlab  [options]", "Usage: netlab run [options]"),
        ):
            self.patch(sys, "argv", ["/usr/bin/netlab"])
            self.assertEqual(as_started(f"{usage}\nx  y"), f"{as_netlab}\nx  y")
            self.patch(sys, "argv", ["/usr/bin/twistd"])
            self.assertEqual(as_started(usage), usage)

    def test_completion_wants_a_shell_that_it_knows(self) -> None:
        one_of = "the shell is one of bash, zsh, fish, not"
        for words, problem in (
            ([], "which shell? bash, zsh or fish"),
            (["powershell"], f"{one_of} 'powershell'"),
            (["bsh"], f"{one_of} 'bsh'; did you mean bash?"),
            (["bash", "zsh"], f"{one_of} 'bash zsh'; did you mean bash?"),
        ):
            line = f"netlab completion: {problem} (--help lists the options)\n"
            self.assertEqual(self.start("completion", *words), (2, "", line))

    def test_completion_explains_how_each_shell_gets_its_script(self) -> None:
        _, output, _ = self.start("completion", "--help")
        for shell in completion.SCRIPTS:
            line = rf"(?m)^{shell}: mkdir -p (\S+) && netlab completion {shell} > \1/\S+$"
            self.assertRegex(output, line)

    def test_completion_prints_a_script(self) -> None:
        for shell, script in completion.SCRIPTS.items():
            self.assertEqual(self.start("completion", shell), (0, script(places()) + "\n", ""))

    def test_all_words_and_options_that_exist_are_offered(self) -> None:
        found = places()
        self.assertEqual(list(found[""].words), list(PROGRAMS))
        self.assertIn("echo", found["run"].words)
        names = {place: [each.name for each in found[place].options] for place in found}
        self.assertIn("upper", names["run echo"])
        self.assertIn("echo-upper", names["run"])
        self.assertNotIn("workers", names["run chat"])  # hidden there
        for place in found:
            self.assertIn("help", names[place])
