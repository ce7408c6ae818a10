import io
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from tests.unit.recording import published
from tests.unit.test_options import SampleOptions
from twisted_lab.serving import EventLog


class EventLogTests(SynchronousTestCase):
    """Where an ordinary event and an announcement go, for each way to start twistd."""

    def go(self, *arguments: str, **twistd: Any) -> None:
        self.path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions([argument.format(file=self.path) for argument in arguments])
        options.parent = twistd  # type: ignore[assignment]
        console = io.StringIO()
        log = EventLog(options)
        with published() as recorder, patch("sys.__stderr__", console):
            log.open()
            log.events.started("0.1.0")
            log.events.listening("0.0.0.0:9090")
            log.close()
        self.published = recorder.names
        self.console = console.getvalue()
        self.logged = self.path.read_text() if self.path.exists() else ""

    def test_the_console(self) -> None:
        for logfile in (None, "-"):
            self.go(logfile=logfile)
            self.assertEqual(self.published, ["server started", "listening"])
            self.assertEqual(self.console, "")

    def test_a_level(self) -> None:
        self.go("--log-level", "warn")
        self.assertEqual(self.published, ["listening"])

    def test_twistds_own_log_file(self) -> None:
        self.go(logfile="x.log")
        self.assertEqual(self.published, ["server started", "listening"])
        self.assertEqual(self.console, "listening on 0.0.0.0:9090\n")

    def test_our_log_file(self) -> None:
        self.go("--log-file", "{file}")
        self.assertEqual(self.published, ["listening"])
        self.assertEqual(self.console, "")
        self.assertEqual(self.logged.count("\n"), 2)

    def test_both_files(self) -> None:
        self.go("--log-file", "{file}", "--log-format", "json", logfile="x.log")
        self.assertEqual(self.published, ["server started", "listening"])
        self.assertEqual(self.console, "listening on 0.0.0.0:9090\n")
        self.assertEqual(self.logged.count('"service": "netlab-sample"'), 2)

    def test_outside_twistd(self) -> None:
        options = SampleOptions()
        options.parseOptions([])
        with published() as recorder:
            EventLog(options).events.stopped()
        self.assertEqual(recorder.names, ["server stopped"])
