from OpenSSL import SSL
from twisted.internet.address import HostnameAddress, IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.logger import LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.unit.recording import Recorder, recorded_events
from twisted_lab.events import ClientEvents
from twisted_lab.peers import address_text, end_text


class AddressTextTests(SynchronousTestCase):
    def test_ipv4(self) -> None:
        self.assertEqual(address_text(IPv4Address("TCP", "127.0.0.1", 80)), "127.0.0.1:80")

    def test_ipv6(self) -> None:
        self.assertEqual(address_text(IPv6Address("TCP", "::1", 80)), "[::1]:80")
        self.assertEqual(address_text(IPv6Address("TCP", "fe80::1%lo", 80)), "[fe80::1%lo]:80")

    def test_ipv4_peer_of_an_ipv6_port(self) -> None:
        mapped = IPv6Address("TCP", "::ffff:192.0.2.7", 80)
        self.assertEqual(address_text(mapped), "192.0.2.7:80")

    def test_unix(self) -> None:
        self.assertEqual(address_text(UNIXAddress(b"/run/echo")), "unix:/run/echo")
        self.assertEqual(address_text(UNIXAddress(None)), "unix:")

    def test_a_path_chosen_by_the_peer_is_escaped(self) -> None:
        self.assertEqual(
            address_text(UNIXAddress(b"/tmp/\x1b[2J\n\xff")), r"unix:/tmp/\x1b[2J\n\xff"
        )

    def test_any_other_address(self) -> None:
        self.assertIn("example.org", address_text(HostnameAddress(b"example.org", 1)))


class EndTextTests(SynchronousTestCase):
    def test_tls(self) -> None:
        error = SSL.Error([("SSL routines", "", "http request")])
        self.assertEqual(end_text(Failure(error), "client"), "TLS failed: http request")
        self.assertEqual(end_text(Failure(SSL.SysCallError(-1, "x")), "client")[:10], "TLS failed")

    def test_reasons(self) -> None:
        for reason, text in (
            (ConnectionDone(), "closed by the client"),
            (ConnectionLost(), "connection reset"),
            (ConnectionAborted(), "cut off by the client"),
            (ValueError("bad\nhandshake"), r"bad\nhandshake"),
            (ValueError(), "ValueError"),
        ):
            self.assertEqual(end_text(Failure(reason), "client"), text)


class ServiceEventsTests(SynchronousTestCase):
    def test_the_seven_events_read_as_documented(self) -> None:
        events, recorder = recorded_events()
        peer = "127.0.0.1:50412"
        events.started("0.1.0")
        events.listening("0.0.0.0:9090")
        events.connected(peer)
        events.received(peer, 13)
        events.sent(peer, 13)
        events.disconnected(peer, 13, 13, 0.84, "closed by the client")
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

    def test_an_event_carries_its_figures(self) -> None:
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

    def test_events_below_the_level_are_dropped_but_not_announcements(self) -> None:
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


class ClientEventsTests(SynchronousTestCase):
    def test_the_four_events(self) -> None:
        recorder = Recorder()
        events = ClientEvents("client", recorder)
        events.connected("127.0.0.1:9090", "127.0.0.1:5")
        events.sent("127.0.0.1:9090", 6)
        events.received("127.0.0.1:9090", 6)
        events.disconnected("127.0.0.1:9090", 6, 6, 1.25, "closed by the client")
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
