"""Options declared as attributes."""

from __future__ import annotations

from dataclasses import replace

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.serving import ServiceOptions
from twisted_lab.text import option
from twisted_lab.text.command_line import Options


def even(text: str) -> int:
    if int(text) % 2:
        raise UsageError(f"{text} is odd")
    return int(text)


class Sample(Options):
    command = "sample"
    loud = option.flag("Shout.", short="l")
    idle_timeout = option.seconds("Idle timeout, in seconds.", default=600)
    max_message = option.size("The longest message, in bytes.", default=64)
    members = option.number("Members.", default=None, most=9)
    framing = option.choice("How messages travel.", "text", "int32", default="text", short="f")
    title = option.text("A title.", default=None)
    database = option.path("A database.", default="x.sqlite3", kind="database")
    listen = option.repeated("An endpoint; can be given several times.")
    half = option.parsed("An even number.", even, default=2)


class Mixin:
    """No subclass of `Options`."""

    names = option.flag("List names.")


class Second(Options):
    ratio = option.parsed("A ratio.", float, default=0.5)


class Joined(Mixin, Sample, Second):
    title = replace(Sample.title, default="Sir")


class Other(Sample):
    idle_timeout = replace(Sample.idle_timeout, default=60)


def parse(*arguments: str, kind: type[Sample] = Sample) -> Sample:
    options = kind()
    options.parse(list(arguments))
    return options


class OptionTests(SynchronousTestCase):
    def test_a_word_stands_for_the_value(self) -> None:
        metavars = {name: each.metavar for name, each in Sample.declared.items() if each.read}
        expected = {"idle-timeout": "N", "max-message": "N", "members": "N", "title": "TEXT"}
        expected |= {"framing": "text|int32", "database": "FILE", "listen": "TEXT", "half": "TEXT"}
        self.assertEqual(metavars, expected)

    def test_options_have_defaults(self) -> None:
        options = parse()
        self.assertIs(options.loud, False)
        seconds: float = options.idle_timeout
        members: int | None = options.members
        listen: tuple[str, ...] = options.listen
        self.assertEqual((seconds, members, listen), (600, None, ()))
        self.assertEqual((options.framing, options.title, options.half), ("text", None, 2))
        self.assertEqual(options.given, set())

    def test_options_parse_values(self) -> None:
        options = parse("-l", "--idle-timeout", "7", "--members=3", "-f", "int32", "--half", "4")
        self.assertIs(options.loud, True)
        self.assertEqual((options.idle_timeout, options.members, options.half), (7, 3, 4))
        self.assertEqual(options.framing, "int32")
        self.assertEqual(options.given, {"loud", "idle-timeout", "members", "framing", "half"})

    def test_mapping_and_attributes_agree(self) -> None:
        options = parse("--idle-timeout", "7")
        self.assertEqual((options["idle-timeout"], options["max-message"]), (7, 64))

    def test_a_value_set_in_code_does_not_count_as_given(self) -> None:
        options = parse()
        options.idle_timeout = 9
        self.assertEqual((options["idle-timeout"], options.given), (9, set()))

    def test_an_option_can_be_repeatable(self) -> None:
        self.assertEqual(parse("--listen", "a", "--listen=b").listen, ("a", "b"))

    def test_an_option_can_have_a_short_name(self) -> None:
        self.assertEqual(parse("--idle", "7", kind=Other).idle_timeout, 7)

    def test_a_subclass_can_change_a_default(self) -> None:
        self.assertEqual((Other().idle_timeout, Sample().idle_timeout), (60, 600))
        self.assertIn("[default: 60]", str(Other()))

    def test_options_of_all_base_classes_are_collected(self) -> None:
        options = Joined()
        options.parse(["--names", "--ratio", "2.5", "--half", "4"])
        self.assertEqual((options.names, options.ratio, options.half), (True, 2.5, 4))
        self.assertEqual((options.title, options["loud"]), ("Sir", False))
        for part in ("--names ", "--ratio TEXT ", "--half TEXT ", "[default: Sir]"):
            self.assertEqual(str(options).count(part), 1)

    def test_a_name_that_the_base_class_uses_is_refused(self) -> None:
        for base, names in (
            (Options, "command declared get given hidden option_names parent values version"),
            (Options, "defaults docs longdesc opts synopsis"),  # Twisted's
            (ServiceOptions, "arguments default_port is_worker others_ports port_was_given"),
        ):
            for name in names.split():
                error = self.assertRaises(TypeError, type, "Sub", (base,), {name: option.flag("")})
                self.assertEqual(
                    str(error),
                    f"Sub.{name}: the base class uses this name itself; rename the option",
                )
        taken = type("Taken", (), {"get": option.flag("")})
        self.assertRaises(TypeError, type, "Sub", (taken, Options), {})

    def test_natural_names_are_free(self) -> None:
        free = dict.fromkeys(("names", "files", "services"))
        options = type("Sub", (ServiceOptions,), {name: option.flag("") for name in free})()
        options.parse([f"--{name}" for name in free])
        self.assertEqual([options[name] for name in free], [True, True, True])

    def test_a_plain_value_over_an_option_is_refused(self) -> None:
        for bases in ((Sample,), (type("Plain", (), {"idle_timeout": 60}), Sample)):
            own = {"idle_timeout": 60} if len(bases) == 1 else {}
            error = self.assertRaises(TypeError, type, "Sub", bases, own)
            self.assertEqual(
                str(error),
                "Sub.idle_timeout: 60 would replace the option --idle-timeout; write "
                "idle_timeout = dataclasses.replace(Sample.idle_timeout, default=60)",
            )

    def test_help_lists_the_options(self) -> None:
        shown = " ".join(str(Sample()).split())
        for part in (
            "-l, --loud Shout.",
            "--idle-timeout N Idle timeout, in seconds. [default: 600]",
            "-f, --framing text|int32 How messages travel. [default: text]",
            "--listen TEXT An endpoint; can be given several times. --",
            "--members N Members. --",
        ):
            self.assertIn(part, shown)

    def test_a_hidden_option_is_accepted_but_not_listed(self) -> None:
        options = Sample()
        options.hidden = frozenset({"title"})
        self.assertNotIn("--title", str(options))
        options.parse(["--title", "x"])
        self.assertEqual(options.title, "x")

    def test_wrong_values_are_usage_errors(self) -> None:
        whole = "expected a whole number of"
        for arguments, text in (
            (["--idle-timeout", "soon"], f"--idle-timeout: {whole} seconds from 1 up, not 'soon'"),
            (["--max-message", "1M"], f"--max-message: {whole} bytes from 1 up, not '1M'"),
            (["--members", "10"], "--members: expected a whole number from 1 to 9, not '10'"),
            (["--members", "+1"], "--members: expected a whole number from 1 to 9, not '+1'"),
            (["-f", "tar"], "--framing: expected one of text, int32, not 'tar'"),
            (
                ["-f", "int"],
                "--framing: expected one of text, int32, not 'int'; did you mean int32?",
            ),
            (["--half", "3"], "--half: 3 is odd"),
            (["--title="], "--title needs a value that is not empty"),
            (["--listen", ""], "--listen needs a value that is not empty"),
            (["--members"], "option --members requires argument"),
        ):
            error = self.assertRaises(UsageError, parse, *arguments)
            self.assertEqual(str(error), text)

    def test_the_value_error_of_a_reader_is_a_usage_error(self) -> None:
        error = self.assertRaises(UsageError, Joined().parse, ["--ratio", "x"])
        self.assertEqual(str(error), "--ratio: could not convert string to float: 'x'")
