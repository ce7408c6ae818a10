import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.application.service import Application
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogLevel
from twisted.python.failure import Failure
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions, twistd_options
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import published
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.console import Console
from twisted_lab.serving import EventLog, ServiceProcess


class EventLogTests(SynchronousTestCase):
    """Logs of an ordinary event and of an announcement, for each way to start twistd."""

    def go(self, *arguments: str, **twistd: Any) -> None:
        self.path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions([argument.format(file=self.path) for argument in arguments])
        options.parent = twistd_options(**twistd)
        console, ours = os.pipe()
        with (
            patch("os.dup", lambda _: ours),
            patch("twisted_lab.eventlog.console._opened_again", return_value=None),
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

    def test_events_appear_on_the_console(self) -> None:
        for logfile in (None, "-"):
            self.go(logfile=logfile)
            self.assertEqual(self.published, ["server started", "listening", "port busy"])
            self.assertEqual(self.console, "")

    def test_events_below_the_level_are_dropped(self) -> None:
        self.go("--log-level", "warn")
        self.assertEqual(self.published, ["listening", "port busy"])

    def test_events_appear_in_twistds_log_file(self) -> None:
        self.go(logfile="x.log")
        self.assertEqual(self.published, ["server started", "listening", "port busy"])
        self.assertEqual(
            self.console, "listening on 0.0.0.0:9090\nport 9090 is busy, listening on 9091\n"
        )

    def test_security_events_have_a_file_of_their_own(self) -> None:
        path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions(["--log-file", str(path)])
        log = EventLog(options, Clock())
        log.open()
        log.events.connected("127.0.0.1:1")
        log.events.login_failed("127.0.0.1:1")
        log.events.received("127.0.0.1:1", 5)
        log.close()
        self.assertEqual(path.read_text().count("\n"), 3)
        [line] = Path(f"{path}.security").read_text().splitlines()
        self.assertTrue(line.endswith("login failed: 127.0.0.1:1"), line)

    def test_the_security_file_is_complete_at_each_level(self) -> None:
        for level in ("warn", "error"):
            log = self.log_to_file("--log-level", level)
            self.assertFalse(log.events.traffic)
            log.events.started("0.1.0")
            log.events.connected("127.0.0.1:1")
            log.events.received("127.0.0.1:1", 5)
            log.events.logged_in("127.0.0.1:1", "anna", "password")
            log.log_from(LogLevel.error)
            log.events.stopped()
            log.close()
            self.assertEqual(self.path.read_text(), "")
            names = [line.partition("test: ")[2] for line in self.security().splitlines()]
            self.assertEqual(len(names), 3, names)

    def log_to_file(self, *arguments: str, clock: Clock | None = None) -> EventLog:
        self.path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions(["--log-file", str(self.path), *arguments])
        log = EventLog(options, clock or Clock())
        log.open()
        return log

    def security(self) -> str:
        return Path(f"{self.path}.security").read_text()

    def test_a_regular_file_in_dev_has_a_security_file(self) -> None:
        for path in ("/dev/netlab.log", self.mktemp()):
            options = SampleOptions()
            options.parseOptions(["--log-file", path])
            self.assertEqual(len(EventLog(options, Clock())._files), 2)

    def run_process(self, path: str, script: str, **arguments: Any) -> None:
        """Run a script with a `log` to `path` on a `clock`."""
        begin = (
            "from twisted.internet.task import Clock\n"
            "from tests.doubles.options import SampleOptions, twistd_options\n"
            "from twisted_lab.serving import EventLog\n"
            "options = SampleOptions()\n"
            f"options.parseOptions(['--log-file', '{path}', '--log-rotate-bytes', '20000'])\n"
            "log = EventLog(options, clock := Clock())\n"
            "log.open()\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run(
            [sys.executable, "-c", begin + script], env=environment, timeout=60, **arguments
        )

    def test_a_path_that_cannot_be_looked_up_fails_only_when_the_log_opens(self) -> None:
        options = SampleOptions()
        options.parseOptions(["--log-file", "x" * 300])
        log = EventLog(options, FakeReactor())
        self.assertRaises(OSError, log.open)

    def test_redirected_output_is_not_rotated(self) -> None:
        with self.in_own_directory():
            Path("link").symlink_to("/dev/stderr")
            script = "for _ in range(400): log.events.started('0.1.0'); clock.advance(1)"
            with Path("output").open("ab") as output:
                self.run_process("link", script, stderr=output)
        names = sorted(path.name for path in self.directory.iterdir())
        self.assertEqual(names, ["link", "output"])
        self.assertEqual((self.directory / "output").read_text().count("\n"), 400)

    def test_buffered_lines_and_summaries_are_written_at_exit(self) -> None:
        with self.in_own_directory():
            script = "for _ in range(101): log.events.login_failed('127.0.0.1:1')\nexit(1)"
            self.run_process("x.log", script)
        self.assertEqual((self.directory / "x.log").read_text().count("\n"), 101)
        text = (self.directory / "x.log.security").read_text()
        self.assertIn("summed up 1 events", text)

    def test_a_device_has_no_security_file(self) -> None:
        pipe = self.mktemp()
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        for path in ("/dev/null", pipe):
            options = SampleOptions()
            options.parseOptions(["--log-file", path])
            log = EventLog(options, Clock())
            log.open()
            log.close()
            self.assertFalse(Path(f"{path}.security").exists())

    def test_excess_traffic_is_summed_up_but_not_security_events(self) -> None:
        path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions(["--log-file", str(path), "--log-rate", "10"])
        clock = Clock()
        log = EventLog(options, clock)
        log.open()
        for _ in range(1050):
            log.events.received("127.0.0.1:1", 5)
        log.events.login_failed("127.0.0.1:1")
        clock.advance(1)
        log.events.sent("127.0.0.1:1", 5)  # The rate allows ten more.
        log.close()
        lines = path.read_text().splitlines()
        self.assertEqual(sum("received 5" in line for line in lines), 1000)
        self.assertTrue(lines[1000].endswith("login failed: 127.0.0.1:1"))
        self.assertIn(
            "summed up 50 events of 1.0 s: 50 received; 250 bytes; the last peer was 127.0.0.1:1",
            lines[1001],
        )
        self.assertIn("sent 5 bytes", lines[1002])
        self.assertEqual(log.summed, {"netlab-sample": 50})

    def test_the_last_summary_is_logged_at_the_end(self) -> None:
        self.path = Path(self.mktemp())
        options = SampleOptions()
        options.parseOptions(["--log-file", str(self.path), "--log-format", "json"])
        clock = Clock()
        log = EventLog(options, clock)
        log.open()
        for _ in range(101):
            log.events.hung_up("127.0.0.1:1", Disconnect.SILENT.reason())
        log.close()
        record = json.loads(Path(f"{self.path}.security").read_text().splitlines()[-1])
        self.assertEqual(record["event"], "summed up")
        self.assertEqual(record["kinds"], {"hung up": 1})
        self.assertNotIn("log_kinds", record)
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_a_daemon_logs_twisteds_events(self) -> None:
        with self.in_own_directory():
            options = SampleOptions()
            options.parent = twistd_options(nodaemon=0)
            options.parseOptions([])
            with patch("os.dup", lambda number: os.open(os.devnull, os.O_WRONLY)):
                process = ServiceProcess(options, FakeReactor())
        process.setServiceParent(application := Application("test"))
        observe = application.getComponent(ILogObserver)
        process.log.open()
        event = {"log_level": LogLevel.critical, "log_format": "{text}", "log_time": 0.0}
        observe({**event, "text": "one\ntwo\x1b"})
        observe({**event, "log_level": LogLevel.debug, "text": "not this"})
        observe({**event, "text": "nor this", "service": "netlab-sample"})
        process.log.close()
        for name in ("netlab.log", "netlab.log.security"):
            text = (self.directory / name).read_text()
            self.assertTrue(text.endswith("netlab-sample: one\n    two\\x1b\n"), text)

    @contextmanager
    def in_own_directory(self) -> Iterator[None]:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        with chdir(self.directory):
            yield

    def test_twistds_log_options_replace_the_default_log_file(self) -> None:
        for chosen in ({"logfile": "x.log"}, {"syslog": True}, {"logger": "x"}, {"debug": True}):
            options = SampleOptions()
            options.parent = twistd_options(nodaemon=0, **chosen)
            options.parseOptions([])
            self.assertIsNone(options["log-file"], chosen)

    def test_a_daemon_cannot_log_to_its_output(self) -> None:
        for arguments in ([], ["--log-file", "x.log"]):
            options = SampleOptions()
            options.parent = twistd_options(nodaemon=0, logfile="-")
            with self.assertRaisesRegex(UsageError, "a daemon has no output to log to"):
                options.parse(arguments)

    def test_the_file_contains_tracebacks(self) -> None:
        for form in ("text", "json"):
            path = Path(self.mktemp())
            options = SampleOptions()
            options.parseOptions(["--log-file", str(path), "--log-format", form])
            log = EventLog(options, Clock())
            log.open()
            log.events.conversation_failed("127.0.0.1:1", Failure(ValueError("a\nb")))
            log.close()
            lines = path.read_text().splitlines()
            if form == "json":
                [line] = lines
                self.assertIn("ValueError: a\nb", json.loads(line)["traceback"])
            else:
                self.assertTrue(all(line.startswith("    ") for line in lines[1:]), lines)
                self.assertGreater(len(lines), 2)

    def test_a_worker_does_not_log_its_own_start_and_stop(self) -> None:
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

    def test_events_appear_in_our_log_file(self) -> None:
        self.go("--log-file", "{file}")
        self.assertEqual(self.published, ["listening", "port busy"])
        self.assertEqual(self.console, "")
        self.assertEqual(self.logged.count("\n"), 3)

    def test_events_appear_in_both_files(self) -> None:
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
            (twistd_options(nodaemon=1), lambda _: sys.stdout),
            (twistd_options(logFile=sys.__stdout__), lambda twistd: twistd["logFile"]),
        ):
            with patch("sys.stdout"):
                options = SampleOptions()
                options.parent = twistd
                log = EventLog(options, Clock())
                console = chosen(twistd)
                self.assertIsInstance(console, Console)
                log.close()
                self.assertFalse(console.closed, "twistd has more to say")
                self.assertEqual(log.lost_lines, 0)

    def test_the_log_of_another_runner_is_unchanged(self) -> None:
        output = StringIO()
        options = SampleOptions()
        options.parent = twistd_options(logFile=output)
        EventLog(options, Clock()).show("nowhere")
        self.assertEqual(output.getvalue(), "")

    def test_the_file_reports_lost_events_once_it_is_writable(self) -> None:
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
        stopped, *resumed = path.read_text().splitlines()
        self.assertTrue(stopped.endswith("server stopped"), stopped)
        # The fourth and fifth events are "log lost", one for each file.
        for line, name in zip(resumed, (f"{path}.security", path), strict=True):
            self.assertIn(f"{name} is written again; 5 events were lost", line)

    def test_the_log_works_without_twistd(self) -> None:
        options = SampleOptions()
        options.parseOptions([])
        with published() as recorder:
            EventLog(options, Clock()).events.stopped()
        self.assertEqual(recorder.names, ["server stopped"])
