import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions
from tests.doubles.recording import published
from twisted_lab.serving import EventLog
from twisted_lab.serving.console import Console


class EventLogTests(SynchronousTestCase):
    """Where an ordinary event and an announcement go, for each way to start twistd."""

    def go(self, *arguments: str, **twistd: Any) -> None:
        self.path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions([argument.format(file=self.path) for argument in arguments])
        options.parent = twistd  # type: ignore[assignment]
        console, ours = os.pipe()
        with (
            patch("os.dup", lambda _: ours),
            patch("twisted_lab.serving.console._opened_again", return_value=None),
        ):
            log = EventLog(options, Clock())
        if log._console is None:
            os.close(ours)
        with published() as recorder:
            log.open()
            log.events.started("0.1.0")
            log.events.listening("0.0.0.0:9090")
            log.has_started()
            log.events.port_busy(9090, 9091)
            log.close()
        self.published = recorder.names
        with open(console) as shown:
            self.console = shown.read()
        self.logged = self.path.read_text() if self.path.exists() else ""

    def test_the_console(self) -> None:
        for logfile in (None, "-"):
            self.go(logfile=logfile)
            self.assertEqual(self.published, ["server started", "listening", "port busy"])
            self.assertEqual(self.console, "")

    def test_a_level(self) -> None:
        self.go("--log-level", "warn")
        self.assertEqual(self.published, ["listening", "port busy"])

    def test_twistds_own_log_file(self) -> None:
        self.go(logfile="x.log")
        self.assertEqual(self.published, ["server started", "listening", "port busy"])
        self.assertEqual(
            self.console, "listening on 0.0.0.0:9090\nport 9090 is busy, listening on 9091\n"
        )

    def test_a_worker_leaves_its_own_life_to_the_supervisor(self) -> None:
        options = SampleOptions()
        options.is_worker = True
        options.parseOptions([])
        with published() as recorder:
            log = EventLog(options, Clock())
            log.events.started("0.1.0")
            log.events.listening("0.0.0.0:9090")
            log.events.connected("somebody")
            log.events.failed("no database")
            log.events.stopped()
        self.assertEqual(recorder.names, ["client connected"])

    def test_our_log_file(self) -> None:
        self.go("--log-file", "{file}")
        self.assertEqual(self.published, ["listening", "port busy"])
        self.assertEqual(self.console, "")
        self.assertEqual(self.logged.count("\n"), 3)

    def test_both_files(self) -> None:
        self.go("--log-file", "{file}", "--log-format", "json", logfile="x.log")
        self.assertEqual(self.published, ["server started", "listening", "port busy"])
        self.assertEqual(
            self.console, "listening on 0.0.0.0:9090\nport 9090 is busy, listening on 9091\n"
        )
        self.assertEqual(self.logged.count('"service": "netlab-sample"'), 3)

    def test_a_daemon_has_a_console_until_it_has_started(self) -> None:
        self.go(nodaemon=0)
        self.assertEqual(self.published, ["server started", "listening", "port busy"])
        self.assertEqual(self.console, "listening on 0.0.0.0:9090\n")

    def test_twistds_log_goes_through_our_console(self) -> None:
        for twistd, chosen in (
            ({"nodaemon": 1}, lambda _: sys.stdout),
            ({"logFile": sys.__stdout__}, lambda twistd: twistd["logFile"]),
        ):
            with patch("sys.stdout"):
                options = SampleOptions()
                options.parent = twistd  # type: ignore[assignment]
                log = EventLog(options, Clock())
                console = chosen(twistd)
                self.assertIsInstance(console, Console)
                log.close()
                self.assertFalse(console.closed, "twistd has more to say")
                self.assertEqual(log.not_shown, 0)

    def test_a_log_of_another_runner_is_left_alone(self) -> None:
        twistd = {"logFile": StringIO()}
        options = SampleOptions()
        options.parent = twistd  # type: ignore[assignment]
        EventLog(options, Clock()).show("nowhere")
        self.assertEqual(twistd["logFile"].getvalue(), "")

    def test_what_was_lost_is_in_the_file_when_it_is_written_again(self) -> None:
        path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions(["--log-file", str(path)])
        clock = Clock()
        log = EventLog(options, clock)
        log.open()
        with patch("os.write", side_effect=OSError(28, "No space left on device")):
            for _ in range(3):
                log.events.started("0.1.0")
            clock.advance(0.1)
        log.events.stopped()
        log.close()
        stopped, resumed = path.read_text().splitlines()
        self.assertTrue(stopped.endswith("server stopped"), stopped)
        # "log lost" is the fourth.
        self.assertTrue(resumed.endswith("4 events were lost"), resumed)

    def test_outside_twistd(self) -> None:
        options = SampleOptions()
        options.parseOptions([])
        with published() as recorder:
            EventLog(options, Clock()).events.stopped()
        self.assertEqual(recorder.names, ["server stopped"])
