import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.logger import LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Recorder, recorded_events
from twisted_lab.eventlog.event_file import EventFile, json_line, text_line
from twisted_lab.eventlog.events import ServiceEvents

PEER = "127.0.0.1:50412"
real_write = os.write


def an_event(peer: str = PEER) -> Recorder:
    recorder = Recorder()
    ServiceEvents("netlab-test", recorder).received(peer, 13)
    recorder[0]["log_time"] = 1800000000.25
    return recorder


class LineTests(SynchronousTestCase):
    def test_text_lines_have_the_documented_form(self) -> None:
        self.assertEqual(
            text_line(an_event()[0]),
            "2027-01-15T08:00:00.250Z info  netlab-test: received 13 bytes from 127.0.0.1:50412\n",
        )

    def test_json_lines_have_the_documented_form(self) -> None:
        line = json_line(an_event()[0])
        self.assertEqual(
            list(json.loads(line).items()),
            [
                ("time", "2027-01-15T08:00:00.250Z"),
                ("level", "info"),
                ("event", "received"),
                ("service", "netlab-test"),
                ("peer", PEER),
                ("bytes", 13),
                ("message", "received 13 bytes from 127.0.0.1:50412"),
            ],
        )
        self.assertEqual(line.count("\n"), 1)

    def test_json_without_a_peer(self) -> None:
        events, recorder = recorded_events()
        events.stopped()
        self.assertIsNone(json.loads(json_line(recorder[0]))["peer"])

    def test_json_omits_twisteds_own_keys(self) -> None:
        events, recorder = recorded_events()
        events.conversation_failed(PEER, Failure(ValueError("a mistake")))
        events.failed("no luck")
        for event in recorder:
            self.assertNotIn("log_", json_line(event))

    def test_each_event_shows_its_time(self) -> None:
        (event,) = an_event()
        for moment, text in (
            (1800000000.25, "2027-01-15T08:00:00.250Z"),
            (1800000000.2519, "2027-01-15T08:00:00.251Z"),
            (1800000000.9999, "2027-01-15T08:00:00.999Z"),
            (1800000001, "2027-01-15T08:00:01.000Z"),
            (1800000000.25, "2027-01-15T08:00:00.250Z"),
        ):
            event["log_time"] = moment
            self.assertEqual(text_line(event)[:24], text)

    def test_json_escapes_text_from_peers(self) -> None:
        line = json_line(an_event('unix:"\n{0}')[0])
        self.assertEqual(json.loads(line)["peer"], 'unix:"\n{0}')
        self.assertEqual(line.count("\n"), 1)


class EventFileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = self.directory / "events.log"
        self.trouble = Recorder()
        self.event = an_event()[0]
        self.clock = Clock()

    def file(
        self, path: str | Path | None = None, rotate_bytes: int = 10**6, keep: int = 5
    ) -> EventFile:
        events = ServiceEvents("netlab-test", self.trouble, LogLevel.info)
        return EventFile(str(path or self.path), text_line, rotate_bytes, keep, events, self.clock)

    def test_the_file_is_appended_to(self) -> None:
        for _ in range(2):
            file = self.file()
            file.open()
            file(self.event)
            file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event) * 2)

    def test_only_the_owner_can_read_the_files(self) -> None:
        self.addCleanup(os.umask, os.umask(0))
        file = self.file(rotate_bytes=10)
        file.open()
        for _ in range(3):
            file(self.event)
            self.clock.advance(1)
        file.close()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.directory.iterdir()}
        self.assertEqual(modes, {"events.log": 0o600, "events.log.1": 0o600, "events.log.2": 0o600})

    def test_an_existing_file_keeps_its_mode(self) -> None:
        self.path.touch()
        self.path.chmod(0o640)
        file = self.file()
        file.open()
        file.close()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o640)

    def test_nothing_is_written_before_open_and_after_close(self) -> None:
        file = self.file()
        file(self.event)
        self.assertFalse(self.path.exists())
        file.open()
        file.close()
        file(self.event)
        self.assertEqual(self.path.read_text(), "")

    def test_lines_are_buffered_for_a_short_time(self) -> None:
        file = self.file()
        file.open()
        file(self.event)
        self.clock.advance(0.06)
        file(self.event)
        self.assertEqual(self.path.read_text(), "")
        self.clock.advance(0.04)
        self.assertEqual(self.path.read_text(), text_line(self.event) * 2)
        file(self.event)
        self.clock.advance(0.1)
        self.assertEqual(self.path.read_text(), text_line(self.event) * 3)
        file.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_64_kib_are_written_immediately(self) -> None:
        file = self.file()
        file.open()
        for _ in range(65_536 // len(text_line(self.event)) + 1):
            self.assertEqual(self.path.stat().st_size, 0)
            file(self.event)
        self.assertGreaterEqual(self.path.stat().st_size, 65_536)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        file.close()

    def test_an_error_is_written_immediately(self) -> None:
        file = self.file()
        file.open()
        file(self.event)
        ServiceEvents("netlab-test", file).unable(PEER, "sorry", "out of luck")
        self.assertIn("out of luck", self.path.read_text())
        self.assertEqual(self.path.read_text().count("\n"), 2)
        file.close()

    def test_reopening_writes_buffered_lines_to_the_old_file(self) -> None:
        file = self.file()
        file.open()
        file(self.event)
        moved = self.path.rename(self.directory / "moved")
        file.reopen()
        file.close()
        self.assertEqual(moved.read_text(), text_line(self.event))

    def test_the_file_rotates_and_old_files_are_limited(self) -> None:
        size = len(text_line(self.event))
        file = self.file(rotate_bytes=2 * size, keep=2)
        file.open()
        for _ in range(9):
            file(self.event)
        file.close()
        self.assertEqual(
            sorted(path.name for path in self.directory.iterdir()),
            ["events.log", "events.log.1", "events.log.2"],
        )
        self.assertEqual(self.path.read_text(), text_line(self.event))
        self.assertEqual((self.directory / "events.log.1").stat().st_size, 2 * size)

    def test_several_processes_can_share_the_file(self) -> None:
        one, two = self.file(), self.file()
        for file in (one, two):
            file.open()
        for _ in range(3):
            one(self.event)
            two(self.event)
        one.close()
        two.close()
        self.assertEqual(self.path.read_text(), text_line(self.event) * 6)

    def test_one_of_several_processes_rotates(self) -> None:
        size = len(text_line(self.event))
        one, two = (self.file(rotate_bytes=4 * size) for _ in range(2))
        for file in (one, two):
            file.open()
        for _ in range(10):
            one(self.event)
            two(self.event)
        one.close()
        two.close()
        files = [path.read_text() for path in self.directory.iterdir()]
        self.assertEqual(sum(text.count("\n") for text in files), 20)
        self.assertLessEqual(max(map(len, files)), 8 * size)

    def test_the_file_can_be_truncated_by_another_program(self) -> None:
        file = self.file(rotate_bytes=3 * len(text_line(self.event)))
        file.open()
        for _ in range(3):
            file(self.event)
        os.truncate(self.path, 0)
        file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event))
        self.assertEqual(len(list(self.directory.iterdir())), 1)

    def test_a_pipe_is_not_rotated(self) -> None:
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        file = self.file(rotate_bytes=1)
        file.open()
        for _ in range(3):
            file(self.event)
        file.close()
        self.assertEqual(os.read(reader, 10_000).decode(), text_line(self.event) * 3)
        self.assertEqual(len(list(self.directory.iterdir())), 1)

    def test_a_full_pipe_contains_whole_lines(self) -> None:
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        file = self.file()
        file.open()
        line = text_line(self.event)
        for _ in range(1000):
            file(self.event)
        self.clock.advance(0.1)
        taken = os.read(reader, 200_000).decode()
        count = len(taken) // len(line)
        self.assertEqual(taken, line * count)
        self.assertGreater(len(taken), 60_000)
        file(self.event)
        file.close()
        self.assertEqual(self.trouble.names, ["log lost", "log resumed"])
        self.assertEqual(self.trouble[1]["lost"], 1000 - count)

    def test_a_pipe_that_is_read_gets_every_line(self) -> None:
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        file = self.file()
        file.open()
        line = text_line(self.event)
        taken = b""
        for _ in range(3000):
            file(self.event)
            with contextlib.suppress(BlockingIOError):
                taken += os.read(reader, 65_536)
        file.close()
        taken += os.read(reader, 65_536)
        self.assertEqual(taken.decode(), line * 3000)
        self.assertEqual(self.trouble, [])

    def test_a_file_that_cannot_be_rotated_keeps_growing(self) -> None:
        file = self.file(rotate_bytes=1)
        file.open()
        file(self.event)
        with patch("os.replace", side_effect=PermissionError(13, "Permission denied")):
            for _ in range(3):
                file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event) * 4)
        self.assertEqual(self.trouble.names, ["log not rotated"])

    def test_a_deleted_file_is_created_again(self) -> None:
        size = len(text_line(self.event))
        file = self.file(rotate_bytes=3 * size)
        file.open()
        for _ in range(2):
            file(self.event)
        self.path.unlink()
        for _ in range(3):
            file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event) * 2)
        self.assertEqual(self.trouble, [])

    def test_a_failed_rotation_is_undone_and_retried(self) -> None:
        size = len(text_line(self.event))
        file = self.file(rotate_bytes=2 * size)
        file.open()
        for _ in range(2):
            file(self.event)
        with patch("os.open", side_effect=OSError(24, "Too many open files")):
            file(self.event)
            self.clock.advance(0.1)
        self.assertEqual(self.path.read_text(), text_line(self.event) * 3)
        for _ in range(2):
            file(self.event)
            self.clock.advance(0.1)
        file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event))
        self.assertEqual(self.trouble.names, ["log not rotated"])

    def test_a_failed_rotation_keeps_the_new_file_of_another_process(self) -> None:
        def another_process_is_faster(*_: object) -> int:
            self.path.write_text("of another process\n")
            raise OSError(24, "Too many open files")

        file = self.file(rotate_bytes=1)
        file.open()
        file(self.event)
        with patch("os.open", another_process_is_faster):
            file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), "of another process\n")
        old = self.directory / "events.log.1"
        self.assertEqual(old.read_text(), text_line(self.event) * 2)

    def test_lines_go_to_the_old_file_while_another_process_rotates(self) -> None:
        file = self.file(rotate_bytes=1)
        file.open()
        file(self.event)
        with self.path.open() as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            file(self.event)
            self.assertEqual(self.path.read_text(), text_line(self.event) * 2)
        file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event))
        self.assertEqual(self.trouble, [])

    def test_a_pipe_without_a_reader_is_an_error(self) -> None:
        os.mkfifo(self.path)
        self.assertRaises(OSError, self.file().open)

    def test_a_closed_file_is_not_reopened(self) -> None:
        file = self.file()
        file.open()
        file.close()
        self.path.unlink()
        file.reopen()
        self.assertFalse(self.path.exists())

    def test_a_partial_write_is_ended_by_a_newline(self) -> None:
        file = self.file()
        file.open()
        line = text_line(self.event)
        for _ in range(4):
            file(self.event)
        # Two lines and five bytes; then a newline and a line; then exactly one line.
        for room in (2 * len(line) + 5, 1 + len(line), len(line)):
            with patch("os.write", lambda fd, data, room=room: real_write(fd, data[:room])):
                self.clock.advance(0.1)
            for _ in range(2):
                file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), line * 2 + line[:5] + "\n" + line + line + line * 2)
        self.assertEqual(self.trouble.names, ["log lost", "log resumed"])
        self.assertEqual(self.trouble[1]["lost"], 2 + 1 + 1)

    def test_reopening_creates_a_moved_file_again(self) -> None:
        file = self.file()
        file.open()
        file(self.event)
        self.path.rename(self.directory / "moved")
        file.reopen()
        self.assertEqual(self.path.read_text(), "")
        file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), text_line(self.event))

    def test_a_relative_path_survives_a_change_of_directory(self) -> None:
        before = Path.cwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.directory)
        file = self.file("events.log")
        os.chdir(before)
        file.open()
        file.close()
        self.assertTrue(self.path.exists())

    def test_an_unwritable_file_is_an_error_at_the_start(self) -> None:
        file = self.file(self.directory / "missing" / "events.log")
        self.assertRaises(OSError, file.open)

    def test_a_full_disk_is_reported_once_and_stops_nothing(self) -> None:
        file = self.file("/dev/full")
        file.open()
        for _ in range(3):
            file(self.event)
        file.close()
        self.assertEqual(
            self.trouble.messages,
            [
                "cannot write the log /dev/full: No space left on device; "
                "events are lost until it can be written"
            ],
        )

    def test_a_removed_directory_may_come_back(self) -> None:
        file = self.file()
        file.open()
        file(self.event)
        self.path.unlink()
        self.directory.rmdir()
        file.reopen()
        file(self.event)
        file(self.event)
        self.clock.advance(0.1)
        self.assertEqual(self.trouble.names, ["log lost"])
        self.directory.mkdir()
        file(self.event)
        file.close()
        self.assertEqual(self.trouble.names, ["log lost", "log resumed"])
        self.assertEqual(self.trouble[1]["lost"], 2)
        self.assertEqual(self.path.read_text(), text_line(self.event))

    def test_every_lost_line_of_a_batch_is_counted(self) -> None:
        file = self.file()
        file.open()
        with patch("os.write", side_effect=OSError(28, "No space left on device")):
            for count in (3, 4):
                for _ in range(count):
                    file(self.event)
                self.clock.advance(0.1)
        file(self.event)
        file.close()
        self.assertEqual(self.trouble.names, ["log lost", "log resumed"])
        self.assertEqual(self.trouble[1]["lost"], 7)
        self.assertEqual(self.path.read_text(), text_line(self.event))

    def test_a_recurring_problem_is_reported_again(self) -> None:
        file = self.file()
        file.open()
        for _ in range(2):
            self.path.unlink()
            self.directory.rmdir()
            file.reopen()
            file(self.event)
            self.clock.advance(0.1)
            self.directory.mkdir()
            file(self.event)
            self.clock.advance(0.1)
        file.close()
        self.assertEqual(self.trouble.names, ["log lost", "log resumed"] * 2)

    def test_a_partial_line_does_not_spoil_the_next(self) -> None:
        self.path.write_text("cut sho")
        file = self.file()
        file.open()
        file(self.event)
        file.close()
        self.assertEqual(self.path.read_text(), "cut sho\n" + text_line(self.event))
