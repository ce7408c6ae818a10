from __future__ import annotations

import re
import select
import socket
import struct
import subprocess
import sys
import threading

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab import message_socket
from twisted_lab.codecs import MessageError, encode_frame
from twisted_lab.message_socket import MessageSocket


class MessageSocketTests(SynchronousTestCase):
    def setUp(self) -> None:
        ours, self.plain = socket.socketpair()
        self.socket = MessageSocket(ours.family, ours.type, ours.proto, fileno=ours.detach())
        self.addCleanup(self.plain.close)
        self.addCleanup(self.socket.close)

    def test_sent_messages_are_framed(self) -> None:
        self.socket.send_message("привет")
        self.assertEqual(self.plain.recv(100), encode_frame("привет".encode()))

    def test_a_message_over_the_limit_is_not_sent(self) -> None:
        error = self.assertRaises(MessageError, self.socket.send_message, "x" * 65537)
        self.assertEqual(str(error), "message of 65537 bytes is over the limit of 65536")
        self.socket.send_message("ok")
        self.assertEqual(self.plain.recv(100), encode_frame(b"ok"))

    def test_received_messages_are_decoded(self) -> None:
        self.plain.sendall(encode_frame(b"a") + encode_frame(b"") + encode_frame(b"b"))
        self.plain.close()
        self.assertEqual(list(self.socket.messages()), ["a", "", "b"])
        self.assertIsNone(self.socket.receive_message())

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
    def test_property_what_is_sent_is_received(self, texts: list[str]) -> None:
        for text in texts:
            self.socket.send_message(text)
            data = self.plain.recv(65536)
            self.plain.sendall(data[:3])
            self.plain.sendall(data[3:])
            self.assertEqual(self.socket.receive_message(), text)

    def test_pending_reports_messages_that_select_misses(self) -> None:
        self.assertEqual(self.socket.pending(), 0)
        self.plain.sendall(b"".join(map(encode_frame, (b"a", b"", b"b"))) + encode_frame(b"c")[:-1])
        self.assertEqual(self.socket.pending(), 0)
        for text, left in (("a", 2), ("", 1), ("b", 0)):
            self.assertEqual(self.socket.receive_message(), text)
            self.assertEqual(self.socket.pending(), left)
            self.assertEqual(select.select([self.socket], [], [], 0)[0], [])
        self.plain.sendall(b"c" + encode_frame(b"d"))
        self.assertEqual((self.socket.receive_message(), self.socket.pending()), ("c", 1))
        self.assertEqual(self.socket.receive_message(), "d")

    def test_a_bad_message_is_pending(self) -> None:
        self.plain.sendall(encode_frame(b"ok") + encode_frame(b"good") + b"text\n")
        self.assertEqual((self.socket.receive_message(), self.socket.pending()), ("ok", 1))
        self.assertEqual((self.socket.receive_message(), self.socket.pending()), ("good", 1))
        self.assertRaises(MessageError, self.socket.receive_message)

    def test_bad_messages_raise_errors(self) -> None:
        self.plain.sendall(encode_frame(b"ok") + encode_frame(b"a\xff"))
        self.assertEqual(self.socket.receive_message(), "ok")
        error = self.assertRaises(MessageError, self.socket.receive_message)
        self.assertEqual(str(error), "not UTF-8 at byte 1")
        self.plain.sendall(b"\xff\xff\xff\xff")
        error = self.assertRaises(MessageError, self.socket.receive_message)
        self.assertEqual(str(error), "message of 4294967295 bytes is over the limit of 65536")

    def test_a_close_within_a_message_is_an_error(self) -> None:
        self.plain.sendall(encode_frame(b"hello")[:-2])
        self.plain.close()
        error = self.assertRaises(ConnectionError, self.socket.receive_message)
        self.assertEqual(
            str(error), "connection closed in the middle of a message, after 7 of 9 bytes"
        )

    def test_a_reset_within_a_message_is_an_error(self) -> None:
        with MessageSocket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            client = socket.create_connection(listening.getsockname())
            connection, _ = listening.accept()
            with connection:
                client.sendall(encode_frame(b"hello")[:-2])
                connection.settimeout(0.01)
                self.assertRaises(TimeoutError, connection.receive_message)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                connection.settimeout(10)
                error = self.assertRaises(ConnectionError, connection.receive_message)
                self.assertEqual(
                    str(error), "connection lost in the middle of a message, after 7 of 9 bytes"
                )

    def test_a_timeout_loses_nothing(self) -> None:
        self.socket.settimeout(0.01)
        self.plain.sendall(encode_frame(b"hello")[:-2])
        self.assertRaises(TimeoutError, self.socket.receive_message)
        self.assertEqual(self.socket.gettimeout(), 0.01)
        self.plain.sendall(b"lo")
        self.assertEqual(self.socket.receive_message(), "hello")

    def test_a_non_blocking_socket_is_supported(self) -> None:
        self.socket.setblocking(False)
        self.assertRaises(BlockingIOError, self.socket.receive_message)
        self.plain.sendall(encode_frame(b"hello"))
        self.assertEqual(self.socket.receive_message(), "hello")

    def test_accepted_sockets_are_message_sockets(self) -> None:
        with MessageSocket() as listening:
            listening.max_message = 3
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            with socket.create_connection(listening.getsockname()) as client:
                connection, address = listening.accept()
                with connection:
                    self.assertEqual(address, client.getsockname())
                    self.assertIsInstance(connection, MessageSocket)
                    self.assertRaises(MessageError, connection.send_message, "four")

    def test_lengths_in_text(self) -> None:
        self.socket.framing, self.socket.count = "decimal:10", "characters"
        self.socket.send_message("привет")
        self.assertEqual(self.plain.recv(100).decode(), "0000000006привет")
        self.plain.sendall("2         да1         00         ".encode())
        self.assertEqual((self.socket.receive_message(), self.socket.pending()), ("да", 2))
        self.assertEqual([self.socket.receive_message() for _ in range(2)], ["0", ""])

    def test_a_message_too_long_for_the_header_is_not_sent(self) -> None:
        self.socket.framing = "decimal:4"
        error = self.assertRaises(MessageError, self.socket.send_message, "x" * 12000)
        self.assertEqual(
            str(error), "message of 12000 bytes is over the limit of 9999 of the header decimal:4"
        )
        self.socket.send_message("ok")
        self.assertEqual(self.plain.recv(100), b"0002ok")

    def test_a_wrong_framing_is_an_error(self) -> None:
        for framing in ("text", "decimal"):
            self.socket.framing = framing
            for call in (lambda: self.socket.send_message("a"), self.socket.receive_message):
                error = self.assertRaises(ValueError, call)
                self.assertEqual(
                    str(error),
                    f"expected int32, decimal:N or hex:N, with N from 1 to 64, not {framing!r}",
                )

    def test_accepted_sockets_have_the_framing(self) -> None:
        with MessageSocket() as listening:
            listening.framing, listening.count = "hex:4", "characters"
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            with socket.create_connection(listening.getsockname()) as client:
                connection, _ = listening.accept()
                with connection:
                    connection.send_message("да")
                    self.assertEqual(client.recv(100).decode(), "0002да")

    def test_the_module_does_not_import_twisted(self) -> None:
        program = (
            "import sys, twisted_lab.message_socket; "
            "print([name for name in sys.modules if name.startswith('twisted.')])"
        )
        said = subprocess.check_output([sys.executable, "-c", program], text=True)
        self.assertEqual(said.strip(), "[]")


class DocumentedProgramsTests(SynchronousTestCase):
    def test_the_documented_programs_run(self) -> None:
        server, client, selecting = re.findall(
            r"^    from .*?(?=^\S|\Z)", str(message_socket.__doc__), re.DOTALL | re.MULTILINE
        )
        for one in (server, selecting):
            self.assertEqual(self.ask(one, client), ["HELLO"])

    def ask(self, server: str, client: str) -> list[str]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        ready = threading.Event()

        class Announced(MessageSocket):
            def listen(self, *backlog: int) -> None:
                super().listen(*backlog)
                ready.set()

        def run(program: str, **names: object) -> None:
            body = "\n".join(line[4:] for line in program.splitlines())
            exec(body.replace("9091", str(port)), names)  # noqa: S102 (from our own manual)

        said: list[str] = []
        names = {"MessageSocket": Announced, "MessageError": MessageError}
        body = server.split("\n", 1)[1]
        threading.Thread(target=run, args=(body,), kwargs=names, daemon=True).start()
        assert ready.wait(10)
        run(client, print=said.append)
        return said
