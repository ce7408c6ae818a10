from io import StringIO
from typing import Any

from twisted.internet.address import HostnameAddress, IPv4Address, IPv6Address, UNIXAddress
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    eventsFromJSONLogFile,
    formatEvent,
    globalLogPublisher,
    jsonFileLogObserver,
    textFileLogObserver,
)
from twisted.python import log
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.recording import Recorder, recorded_events
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog import events as events_module
from twisted_lab.eventlog.events import ClientEvents, ServiceEvents
from twisted_lab.peers import address_text


class AddressTextTests(SynchronousTestCase):
    def test_an_ipv4_address_is_host_and_port(self) -> None:
        self.assertEqual(address_text(IPv4Address("TCP", "127.0.0.1", 80)), "127.0.0.1:80")

    def test_an_ipv6_address_has_brackets(self) -> None:
        self.assertEqual(address_text(IPv6Address("TCP", "::1", 80)), "[::1]:80")
        self.assertEqual(address_text(IPv6Address("TCP", "fe80::1%lo", 80)), "[fe80::1%lo]:80")

    def test_a_mapped_address_is_shown_as_ipv4(self) -> None:
        mapped = IPv6Address("TCP", "::ffff:192.0.2.7", 80)
        self.assertEqual(address_text(mapped), "192.0.2.7:80")

    def test_a_unix_address_is_its_path(self) -> None:
        self.assertEqual(address_text(UNIXAddress(b"/run/echo")), "unix:/run/echo")
        self.assertEqual(address_text(UNIXAddress(None)), "unix:")

    def test_a_path_chosen_by_the_peer_is_escaped(self) -> None:
        self.assertEqual(
            address_text(UNIXAddress(b"/tmp/\x1b[2J\n\xff")), r"unix:/tmp/\x1b[2J\n\xff"
        )

    def test_any_other_address_is_its_text(self) -> None:
        self.assertIn("example.org", address_text(HostnameAddress(b"example.org", 1)))


class ServiceEventsTests(SynchronousTestCase):
    def test_the_seven_events_read_as_documented(self) -> None:
        events, recorder = recorded_events()
        peer = "127.0.0.1:50412"
        events.started("0.1.0")
        events.listening("0.0.0.0:9090")
        events.connected(peer)
        events.received(peer, 13)
        events.sent(peer, 13)
        events.disconnected(peer, 13, 13, 0.84, Disconnect.CLOSED_BY_CLIENT.reason())
        events.stopped()
        self.assertEqual(
            recorder.messages,
            [
                "server started: netlab-test 0.1.0",
                "listening on 0.0.0.0:9090",
                "client connected: 127.0.0.1:50412",
                "received 13 bytes from 127.0.0.1:50412",
                "sent 13 bytes to 127.0.0.1:50412",
                "client disconnected: 127.0.0.1:50412, 13 bytes in, 13 bytes out, 0.8 s, "
                "closed by the client",
                "server stopped",
            ],
        )
        self.assertEqual({event["service"] for event in recorder}, {"netlab-test"})

    def test_an_event_has_its_figures_as_fields(self) -> None:
        events, recorder = recorded_events()
        events.received("192.0.2.1:5", 7)
        (event,) = recorder
        self.assertEqual(event["event"], "received")
        self.assertEqual(event["peer"], "192.0.2.1:5")
        self.assertEqual(event["bytes"], 7)
        self.assertEqual(event["log_level"], LogLevel.info)

    def test_a_peer_is_never_a_format_string(self) -> None:
        events, recorder = recorded_events()
        events.connected("{log_logger.failure()} {bytes}")
        self.assertEqual(recorder.messages, ["client connected: {log_logger.failure()} {bytes}"])

    def test_announcements_are_logged_at_every_level(self) -> None:
        events, recorder = recorded_events(LogLevel.error)
        events.started("0.1.0")
        events.connected("192.0.2.1:5")
        events.listening("0.0.0.0:9090")
        events.port_busy(9090, 9091)
        events.failed("no luck")
        self.assertEqual(
            recorder.messages,
            [
                "listening on 0.0.0.0:9090",
                "port 9090 is busy, listening on 9091",
                "netlab-test: no luck",
            ],
        )

    def test_an_event_has_the_time_of_the_clock(self) -> None:
        recorder = Recorder()
        ServiceEvents("netlab-test", recorder, now=lambda: 1800000000.25).stopped()
        self.assertEqual(recorder[0]["log_time"], 1800000000.25)


class ShownBytesTests(SynchronousTestCase):
    def shown(self, events: ServiceEvents, recorder: Recorder) -> list[str]:
        recorder.clear()
        events.received("192.0.2.1:5", 6, b"hello\n")
        events.sent("192.0.2.1:5", 4, b"{bytes}\x1b")
        return recorder.messages

    def test_bytes_are_shown_at_level_debug_where_allowed(self) -> None:
        sizes = ["received 6 bytes from 192.0.2.1:5", "sent 4 bytes to 192.0.2.1:5"]
        events, recorder = recorded_events(LogLevel.debug)
        self.assertEqual(self.shown(events, recorder), sizes)
        events.allow_bytes()
        shown = [f"{sizes[0]}: hello\\n", f"{sizes[1]}: {{bytes}}\\x1b"]
        self.assertEqual(self.shown(events, recorder), shown)
        events.log_from(LogLevel.info)
        self.assertEqual(self.shown(events, recorder), sizes)
        events.log_from(LogLevel.warn)
        self.assertEqual(self.shown(events, recorder), [])
        events.log_from(LogLevel.debug)
        self.assertEqual(self.shown(events, recorder), shown)

    def test_bytes_are_not_escaped_at_other_levels(self) -> None:
        self.patch(events_module, "escape_bytes", self.fail)
        for level in (LogLevel.info, LogLevel.warn):
            events, recorder = recorded_events(level)
            events.allow_bytes()
            self.shown(events, recorder)


class TwistedsObserversTests(SynchronousTestCase):
    """Twisted's observers understand our events."""

    def setUp(self) -> None:
        self.events = ServiceEvents(
            "netlab-test",
            globalLogPublisher,
            LogLevel.warn,
            now=lambda: 1800000000.25,
        )

    def report(self) -> None:
        self.events.login_failed("192.0.2.1:5")
        self.events.conversation_failed("192.0.2.1:5", Failure(ValueError("a mistake")))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def observed(self, observer: ILogObserver) -> None:
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.report()

    def test_twisteds_text_formatter_shows_our_events(self) -> None:
        text = StringIO()
        self.observed(textFileLogObserver(text))
        first, second, *traceback = text.getvalue().splitlines()
        self.assertTrue(first.startswith("2027-01-15T"), first)
        self.assertTrue(first.endswith(" [netlab-test#warn] login failed: 192.0.2.1:5"), first)
        self.assertIn("[netlab-test#critical] the conversation with 192.0.2.1:5 failed:", second)
        self.assertTrue(any("ValueError: a mistake" in line for line in traceback), traceback)

    def test_twisteds_json_formatter_saves_our_events(self) -> None:
        text = StringIO()
        self.observed(jsonFileLogObserver(text, ""))
        first, second = list(eventsFromJSONLogFile(StringIO(text.getvalue())))
        self.assertEqual(first["peer"], "192.0.2.1:5")
        self.assertEqual(first["log_level"], LogLevel.warn)
        self.assertEqual(formatEvent(first), "login failed: 192.0.2.1:5")
        self.assertEqual(second["log_failure"].type.__name__, "ValueError")

    def test_twisteds_filters_select_our_events(self) -> None:
        predicate = LogLevelFilterPredicate(LogLevel.critical)
        predicate.setLogLevelForNamespace("netlab-test", LogLevel.error)
        recorder = Recorder()
        self.observed(FilteringLogObserver(recorder, [predicate]))
        self.assertEqual(recorder.names, ["conversation failed"])

    def test_legacy_observers_get_our_events(self) -> None:
        seen: list[dict[str, Any]] = []
        log.addObserver(seen.append)
        self.addCleanup(log.removeObserver, seen.append)
        self.report()
        first, second = seen
        self.assertEqual(log.textFromEventDict(first), "login failed: 192.0.2.1:5")
        self.assertEqual(first["time"], 1800000000.25)
        self.assertTrue(second["isError"])
        self.assertIn("ValueError: a mistake", log.textFromEventDict(second) or "")


class ClientEventsTests(SynchronousTestCase):
    def test_client_events_read_as_documented(self) -> None:
        recorder = Recorder()
        events = ClientEvents("client", recorder)
        events.connected("127.0.0.1:9090", "127.0.0.1:5")
        events.sent("127.0.0.1:9090", 6)
        events.received("127.0.0.1:9090", 6)
        events.disconnected("127.0.0.1:9090", 6, 6, 1.25, Disconnect.CLOSED_BY_CLIENT.reason())
        self.assertEqual(
            recorder.messages,
            [
                "connected to 127.0.0.1:9090 from 127.0.0.1:5",
                "sent 6 bytes to 127.0.0.1:9090",
                "received 6 bytes from 127.0.0.1:9090",
                "disconnected from 127.0.0.1:9090: 6 bytes out, 6 bytes in, 1.2 s, "
                "closed by the client",
            ],
        )
