from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.faults.service import Options

PROXY = ("--proxy", "tcp:9190:localhost:9090")
HEADER = '{"format":1,"proxies":["%s"],"framing":"%s","link_by":"arrival"}\n'


class OptionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = self.mktemp()

    def parse(self, *options: str) -> Options:
        parsed = Options()
        parsed.parse([*PROXY, *options])
        return parsed

    def refuse(self, reason: str, *options: str) -> None:
        with self.assertRaisesRegex(UsageError, f"^{reason}") as raised:
            self.parse(*options)
        self.assertTrue(str(raised.exception).isprintable())

    def test_files_need_different_names(self) -> None:
        different = "--record, --replay and --diagram need different files"
        self.refuse(different, "--record", "a", "--diagram", "./a")
        self.refuse(different, "--record", "a", "--replay", "a")
        self.refuse(different, "--replay", "a", "--diagram", "a")

    def test_content_is_recorded_somewhere(self) -> None:
        self.refuse("--record-content requires --record", "--record-content")

    def test_a_recording_is_read_before_the_start(self) -> None:
        self.refuse("--replay: cannot read 'none': No such file", "--replay", "none")
        Path(self.path).write_text("hello\n")
        self.refuse("--replay: '.*', line 1: it is not a line", "--replay", self.path)

    def test_a_recording_decides_instead_of_toxics(self) -> None:
        Path(self.path).write_text(HEADER % ("tcp:9190", "none"))
        options = self.parse("--replay", self.path)
        self.assertIsNotNone(options.recorded)
        self.assertIsNone(self.parse().recorded)
        for option, value in (("--toxic", "latency"), ("--profile", "lan")):
            reason = f"--replay and {option} cannot be combined"
            self.refuse(reason, "--replay", self.path, option, value)

    def test_units_must_be_those_of_the_recording(self) -> None:
        Path(self.path).write_text(HEADER % ("tcp:1", "none"))
        self.refuse("--replay: the recording was made with proxies", "--replay", self.path)
        Path(self.path).write_text(HEADER % ("tcp:9190", "text"))
        self.refuse(
            "--replay: the recording was made with framing 'text', not 'none'",
            *("--replay", self.path),
        )
        Path(self.path).write_text(HEADER % ("\\u001b[2J" * 1000, "none"))
        self.refuse("--replay: the recording was made with proxies", "--replay", self.path)
