"""Messages to a program, and what counts as an answer."""

from __future__ import annotations

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.check import make_bench
from twisted_lab.check.conversation.causes import is_own_error, likely_cause
from twisted_lab.check.conversation.echoes import came_back, manner
from twisted_lab.check.conversation.encodings import other_form
from twisted_lab.check.conversation.event_words import (
    MESSAGES,
    empty_report,
    forms,
    tells_a_disconnect,
    tells_events,
    untold_messages,
)
from twisted_lab.check.conversation.framings import (
    LINES,
    LONGEST_HEADER,
    RAW,
    common_headers,
    framing_of,
    headers,
    told_framing,
    with_headers,
)
from twisted_lab.check.conversation.login import PASSWORD, asks_for_login, reply_to
from twisted_lab.check.prompts.question import Kind, Question
from twisted_lab.check.requirements import client_mistakes, message_mistakes, mistakes
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import filled, usual_answer


class EchoTests(SynchronousTestCase):
    def test_what_a_program_puts_around_a_text_does_not_count(self) -> None:
        for received in (
            b"abc123",
            b"Server: abc123\n",
            b"ABC123",
            b"\x1b[1;32mabc\x1b[0m\x1b[1;32m123\x1b[0m",
            b"part 1: abc, part 2: 123",
            b"6         abc123",
        ):
            self.assertTrue(came_back(received, b"abc123"), received)

    def test_missing_or_exchanged_bytes_count(self) -> None:
        for received in (b"", b"abc12", b"ab123 and so on", b"123abc...", b"abc213---"):
            self.assertFalse(came_back(received, b"abc123"), received)

    def test_colours_hold_no_text(self) -> None:
        self.assertFalse(came_back(b"\x1b[1;23mabc", b"abc12"))

    def test_case_may_matter(self) -> None:
        self.assertFalse(came_back(b"> ABC", b"abc", is_exact=True))
        self.assertTrue(came_back(b"> a b c", b"abc", is_exact=True))

    def test_letters_beyond_ascii_may_change_case_and_other_bytes_are_kept(self) -> None:
        self.assertTrue(came_back("ЖЁ".encode(), "жё".encode()))
        self.assertTrue(came_back(b"\xff\xfe!", b"\xff\xfe"))
        self.assertFalse(came_back(b"\xff\xfd!", b"\xff\xfe"))

    def test_a_large_text_is_compared_in_linear_time(self) -> None:
        text = b"ab" * 500_000
        self.assertFalse(came_back(text + b"x", text + b"y"))

    def test_the_manner_is_described(self) -> None:
        for received, described in (
            (b"abc", "as it was"),
            (b"ABC", "in upper case"),
            (b"a-b-c", "in pieces or other case"),
            (b"\x1b[31mabc\x1b[0m", "in colours"),
            (b"Server: abc", "with 'server: ' before it"),
            (b"abc, you said", "with ', you said' after it"),
            (b"abc\n", "with white space after it"),
            (b"\0\0\0\xffabc", "with 4 bytes before it"),
            (b"x" * 50 + b"abc", "with 50 bytes before it"),
        ):
            self.assertTrue(manner(received, b"abc").startswith(described), received)


class FramingTests(SynchronousTestCase):
    def names(self, size: int) -> list[str]:
        return [framing.name for framing in headers(size)]

    def encoded(self, size: int) -> list[bytes]:
        return [framing.encode(b"abcdefghijkl") for framing in headers(size)]

    def test_the_size_of_the_first_read_decides(self) -> None:
        self.assertEqual(
            [wire.removesuffix(b"abcdefghijkl") for wire in self.encoded(4)],
            [
                *(b"\0\0\0\x0c", b"\x0c\0\0\0"),
                *(b"0012", b"12  ", b"  12"),
                *(b"000c", b"c   ", b"   c"),
            ],
        )
        self.assertTrue(self.encoded(10)[0].startswith(b"0000000012a"))
        self.assertEqual([wire[:2] for wire in self.encoded(2)][3:5], [b"\0\x0c", b"\x0c\0"])
        self.assertEqual([wire[:2] for wire in self.encoded(1)], [b"\x0ca"])
        self.assertTrue(self.encoded(8)[0].startswith(b"\0" * 7 + b"\x0ca"))

    def test_a_header_tells_the_longest_message_that_it_can_hold(self) -> None:
        longest = {framing.longest for framing in headers(2)}
        self.assertEqual(longest, {99, 255, 256**2 - 1})

    def test_a_large_read_reads_no_header(self) -> None:
        self.assertEqual(self.names(LONGEST_HEADER + 1), [])
        self.assertEqual(self.names(0), [])
        self.assertEqual(len(self.names(LONGEST_HEADER)), 6)

    def test_names_tell_them_apart(self) -> None:
        names = [*self.names(4), *self.names(8), RAW.name, LINES.name]
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual((RAW.encode(b"a"), LINES.encode(b"a")), (b"a", b"a\n"))

    def test_the_framing_of_a_reply_is_found(self) -> None:
        for size in (1, 4, 8, 10, 64):
            for framing in headers(size):
                reply = framing.encode(b"HELLO, Anna!")
                self.assertEqual(framing_of(reply, size).name, framing.name)
        reply = b"12\0\0" + b"HELLO, Anna!"
        self.assertEqual(framing_of(reply, 4).decode(reply * 2), ([b"HELLO, Anna!"] * 2, b""))
        self.assertEqual(framing_of(b"0012HELLO, Anna!0003+++", 10).size, 4)

    def test_a_reply_without_a_header_has_no_framing(self) -> None:
        for reply in (b"", b"hello", b"12 letters", b"0004", b"0004abc", b"0004abcde", b"-3  abc"):
            self.assertIs(framing_of(reply, 4), RAW, reply)

    def test_a_header_may_count_characters_by_mistake(self) -> None:
        for framing in headers(4):
            reply = framing.header(11) + "Ответ: abcd".encode()
            self.assertEqual(framing_of(reply, 4).name, framing.name)
        for words in ("0011Ответ: abc", "0013Ответ: abcd", "Ответ: abcd"):
            self.assertIs(framing_of(words.encode(), 4), RAW, words)

    def test_a_command_by_hand_has_the_header_that_the_server_reads(self) -> None:
        command = "printf '%-10sone%-10stwo' 3 12 | nc"
        shown = {each.name: with_headers(command, each) for each in (*headers(4), RAW)}
        self.assertEqual(
            [*shown.values()],
            [
                r"printf '\000\000\000\003one\000\000\000\014two' | nc",
                r"printf '\003\000\000\000one\014\000\000\000two' | nc",
                "printf '0003one0012two' | nc",
                "printf '3   one12  two' | nc",
                "printf '   3one  12two' | nc",
                "printf '0003one000ctwo' | nc",
                "printf '3   onec   two' | nc",
                "printf '   3one   ctwo' | nc",
                command,
            ],
        )

    def test_a_command_by_hand_prints_a_line_if_messages_are_lines(self) -> None:
        command = "printf Anna | nc; printf 'one\\ntwo' | nc"
        self.assertEqual(with_headers(command, LINES), command.replace("printf A", "echo A"))
        self.assertEqual(with_headers(command, RAW), command)

    def test_what_is_not_whole_is_the_rest(self) -> None:
        framing = [*headers(4)][3]
        self.assertEqual(framing.decode(b"0002ab0003a"), ([b"ab"], b"0003a"))
        self.assertEqual(framing.decode(b"0000+1_0a"), ([b""], b"+1_0a"))
        self.assertEqual(RAW.decode(b"abc"), ([b"abc"], b""))
        self.assertEqual(RAW.decode(b""), ([], b""))

    def test_the_framings_that_are_tried_in_the_dark_differ(self) -> None:
        names = [framing.name for framing in common_headers()]
        self.assertEqual(len(set(names)), len(names))


class ToldFramingTests(SynchronousTestCase):
    """A server's greeting may show that it puts lengths of no fixed width before messages."""

    def test_a_number_alone(self) -> None:
        for greeting in ("10Your name:", "7Кто ты?", "12Кто ты?"):
            framing = told_framing(greeting.encode())
            assert framing is not None, greeting
            self.assertTrue(framing.is_apart)
            self.assertEqual(framing.header(12), b"12")

    def test_a_number_and_signs(self) -> None:
        framing = told_framing(b"10$@$~Your name:$$$~")
        assert framing is not None
        self.assertFalse(framing.is_apart)
        self.assertEqual(framing.encode(b"Anna"), b"4$@$~Anna")

    def test_other_greetings_tell_nothing(self) -> None:
        for greeting in (
            b"",
            b"10",
            b"Your name:",
            b"10 Your name:",
            b"1. Register\n2. Log in\n",
            b"12:30 hello",
            b"9999" + b"a" * 100_000,
            b"0009Your name",
        ):
            self.assertIsNone(told_framing(greeting), greeting)


class CauseTests(SynchronousTestCase):
    def test_the_last_line_of_a_traceback_tells_the_mistake(self) -> None:
        for line, mistake in (
            (
                "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xd0 in position 1023: "
                "unexpected end of data",
                mistakes.DECODED_PORTIONS,
            ),
            (
                "ConnectionResetError: [Errno 104] Connection reset by peer",
                mistakes.RESET_ENDS_SERVER,
            ),
            ("BrokenPipeError: [Errno 32] Broken pipe", mistakes.SEND_ENDS_SERVER),
            ("ValueError: invalid literal for int() with base 10: ''", mistakes.ENTER_IS_NONSENSE),
            ("ValueError: invalid literal for int() with base 10: 'abc'", mistakes.NONSENSE_ENDS),
            ("OverflowError: bind(): port must be 0-65535.", mistakes.PORT_TOO_LARGE),
            (
                "TypeError: 'str' object cannot be interpreted as an integer",
                mistakes.PORT_IS_TEXT,
            ),
            ("TypeError: an integer is required (got type str)", mistakes.PORT_IS_TEXT),
            ("TypeError: a bytes-like object is required, not 'str'", mistakes.NOT_ENCODED),
            ('TypeError: can only concatenate str (not "bytes") to str', mistakes.NOT_ENCODED),
            ("TypeError: can't concat str to bytes", mistakes.NOT_ENCODED),
            ("ModuleNotFoundError: No module named 'requests'", mistakes.MISSING_MODULE),
            ("IndentationError: unexpected indent", mistakes.UNREADABLE),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: '/home/anna/log.txt'",
                mistakes.ABSOLUTE_PATH,
            ),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: 'C:\\\\Users\\\\log.txt'",
                mistakes.ABSOLUTE_PATH,
            ),
            ("OSError: [Errno 98] Address already in use", mistakes.PORT_TAKEN),
            ("OSError: [Errno 95] Operation not supported", mistakes.UDP_LISTENS),
            ("OSError: [Errno 9] Bad file descriptor", mistakes.CLOSED_SOCKET),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: 'names.json'",
                mistakes.MISSING_FILE,
            ),
            (
                "TypeError: keys must be str, int, float, bool or None, not tuple",
                mistakes.JSON_TYPES,
            ),
            ("TypeError: Object of type bytes is not JSON serializable", mistakes.JSON_TYPES),
            (
                "json.decoder.JSONDecodeError: Extra data: line 1 column 3 (char 2)",
                mistakes.JSON_TWICE,
            ),
            (
                "AttributeError: 'tuple' object has no attribute 'recv'",
                mistakes.ACCEPT_PAIR,
            ),
            (
                "AttributeError: 'socket' object has no attribute 'receive'",
                message_mistakes.PLAIN_SOCKET,
            ),
            (
                "UnicodeDecodeError: 'ascii' codec can't decode byte 0xd0 in position 0: "
                "ordinal not in range(128)",
                mistakes.ASCII_ONLY,
            ),
            (
                "socket.gaierror: [Errno -3] Temporary failure in name resolution",
                mistakes.UNKNOWN_HOST,
            ),
        ):
            self.assertIs(likely_cause(line), mistake, line)

    def test_the_same_error_has_another_cause_in_a_client(self) -> None:
        for line, mistake in (
            ("EOFError: EOF when reading a line", mistakes.END_OF_INPUT),
            ("EOFError", mistakes.END_OF_INPUT),
            ("ConnectionRefusedError: [Errno 111] Connection refused", mistakes.REFUSED),
            (
                "ConnectionResetError: [Errno 104] Connection reset by peer",
                mistakes.CONNECTION_LOST,
            ),
            ("BrokenPipeError: [Errno 32] Broken pipe", mistakes.CONNECTION_LOST),
            ("ValueError: invalid literal for int() with base 10: b'abc'", mistakes.UNCAUGHT),
            ("ValueError: invalid literal for int() with base 10: 'abc'", mistakes.NONSENSE_ENDS),
            ("OSError: [Errno 9] Bad file descriptor", client_mistakes.CLOSED_TOO_EARLY),
            (
                "BlockingIOError: [Errno 11] Resource temporarily unavailable",
                client_mistakes.NON_BLOCKING,
            ),
            (
                "TypeError: socket.connect() takes exactly one argument (2 given)",
                client_mistakes.ADDRESS_IS_A_PAIR,
            ),
            (
                "TypeError: connect(): AF_INET address must be tuple, not str",
                client_mistakes.ADDRESS_IS_A_PAIR,
            ),
            ("NameError: name 'lien' is not defined", mistakes.OWN_ERROR),
            ("TypeError: a bytes-like object is required, not 'str'", mistakes.NOT_ENCODED),
        ):
            self.assertIs(likely_cause(line, is_client=True), mistake, line)

    def test_the_call_that_a_reset_ended_decides(self) -> None:
        reset = "ConnectionResetError: [Errno 104] Connection reset by peer"
        for line, mistake in (
            ("    conn.sendall(data)", mistakes.SEND_ENDS_SERVER),
            ("    data = conn.recv(1024)", mistakes.RESET_ENDS_SERVER),
        ):
            self.assertIs(likely_cause(reset, line), mistake)

    def test_the_call_that_text_ended_decides(self) -> None:
        error = "TypeError: 'str' object cannot be interpreted as an integer"
        for line, mistake in (
            ("    data = self.recv(length)", message_mistakes.LENGTH_IS_TEXT),
            ("    server.bind(('', port))", mistakes.PORT_IS_TEXT),
        ):
            self.assertIs(likely_cause(error, line), mistake)

    def test_some_exceptions_are_a_mistake_of_the_program_itself(self) -> None:
        for line, is_own in (
            ('TypeError: can only concatenate str (not "bytes") to str', True),
            ("NameError: name 'data' is not defined", True),
            ("KeyError: '127.0.7.1'", True),
            ("FileNotFoundError: [Errno 2] No such file or directory: 'names.json'", True),
            ("AttributeError: 'socket' object has no attribute 'receive'", True),
            ("TypeError: sendto(): AF_INET address must be tuple, not int", True),
            ("AttributeError: 'str' object has no attribute 'decode'", True),
            ("TypeError: string indices must be integers, not 'str'", False),
            ("AttributeError: 'str' object has no attribute 'get'", False),
            # re.match() found nothing in a message that was not what the program asks for.
            ("AttributeError: 'NoneType' object has no attribute 'group'", False),
            ("UnboundLocalError: local variable 'name' referenced before assignment", False),
            ("IndexError: list index out of range", False),
            ("KeyError: 'Annaqwerty'", False),
            ("ValueError: not enough values to unpack (expected 2, got 1)", False),
            ("struct.error: unpack requires a buffer of 4 bytes", False),
            ("", False),
        ):
            self.assertEqual(is_own_error(line, "Annaqwerty"), is_own, line)

    def test_a_socket_that_does_not_listen_is_told_by_the_call(self) -> None:
        invalid = "OSError: [Errno 22] Invalid argument"
        called = "    fd, addr = self._accept()"
        self.assertIs(likely_cause(invalid, called), mistakes.NOT_LISTENING)
        self.assertIsNone(likely_cause(invalid, '    sock.bind(("", 9090))'))  # bound before

    def test_other_errors_have_no_likely_cause(self) -> None:
        for line in (
            "",
            "ZeroDivisionError: division by zero",
            "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        ):
            self.assertIsNone(likely_cause(line), line)

    def test_a_bounded_part_is_looked_at(self) -> None:
        self.assertIsNone(likely_cause("x" * 1_000_000 + "UnicodeDecodeError"))


class OtherFormTests(SynchronousTestCase):
    def test_what_is_not_in_utf_8_is_recognized(self) -> None:
        for received, mistake in (
            (b"anna: " + "\u043f\u0440\u0438".encode("cp1251"), mistakes.OTHER_ENCODING),
            ("\u043f\u0440\u0438".encode("utf-16"), mistakes.OTHER_ENCODING),
            (b"anna: b'\\xd0\\xbf\\xd1\\x80\\xd0\\xb8'", mistakes.BYTES_IN_TEXT),
        ):
            found = other_form("\u043f\u0440\u0438", received)
            assert found
            self.assertIs(found[1], mistake)

    def test_what_has_lost_its_letters_is_not(self) -> None:
        for received in (b"", b"???", b"\xd0\xbf"):
            self.assertIsNone(other_form("\u043f\u0440\u0438", received))


class EventWordTests(SynchronousTestCase):
    def test_lines_of_one_form_are_alike(self) -> None:
        self.assertEqual(forms("sent 12: abc\n\n> \n", "abc"), forms("sent 7: xyz\n>", "xyz"))
        self.assertEqual(forms("abc\n", "abc"), [])

    def test_reports_are_recognized(self) -> None:
        for text in (
            "Server started on 9090",
            "Сервер запущен",
            "ПОДКЛЮЧЁН 127.0.0.1",
            "Klient podklyuchen",
            "Отправлено 12 байт",
            "disconnected",
        ):
            self.assertTrue(tells_events(text), text)

    def test_a_report_of_a_message_that_nobody_sent_is_found(self) -> None:
        for talked, left, found in (
            ("Получено: b'abc'\n", "Получено: b''\nОтключился\n", "Получено: b''"),
            ("12:01 received abc\n", "12:02 received \n", "12:02 received"),
            ("Sent abc back\n", "Bye\nSent  back\n", "Sent  back"),
            ("Получено: abc\n", "Больше ничего не получено, клиент отключился\n", ""),
            ("Получено 3 байта\nОтправлено\n", "Получено 0 байт\nОтправлено\n", ""),
            ("anna: abc\n", "anna: \n", ""),  # it does not say that anything was received
            ("Получено: abc\n", "", ""),
            ("received 3 bytes abc\n", "received 3 bytes\n", ""),  # in all
            ("received 4 bytes abc\n", "received 4 bytes\n", ""),  # with its newline
            ("03:04 received 3 bytes abc\n", "03:04 received 0 bytes\n", "03:04 received 0 bytes"),
            ("2026-12-03 received abc\n", "2026-12-03 received\n", "2026-12-03 received"),
        ):
            self.assertEqual(empty_report(talked, left, "abc"), found)

    def test_a_message_that_is_not_reported_is_named(self) -> None:
        for lines, missing in (
            ((), MESSAGES),
            (("Отправлено b'abc'",), "messages received"),
            (("Received abc",), "messages sent"),
            (("Получено и отправлено: abc",), None),
            (("abc",), "messages received and sent in two lines"),
            (("abc", "abc"), None),
        ):
            self.assertEqual(untold_messages(lines), missing)

    def test_a_report_that_a_client_has_left_is_known(self) -> None:
        self.assertTrue(tells_a_disconnect("Отключился ('127.0.0.1', 50000)"))
        self.assertFalse(tells_a_disconnect("Отправлено abc"))

    def test_other_text_is_not(self) -> None:
        for text in ("", "7", "12:30", "anna;1234", "ok"):
            self.assertFalse(tells_events(text), text)


class LoginTests(SynchronousTestCase):
    def test_questions_of_a_login_are_told_from_messages(self) -> None:
        for asked in ("Введите имя: ", "Your name?", "Password: ", "Пароль:", "Continue? (y/n)"):
            self.assertTrue(asks_for_login(asked.encode()), asked)
        for said in (b"", b"Welcome!\n", b"Enter a message: "):
            self.assertFalse(asks_for_login(said), said)

    def test_each_question_has_its_answer(self) -> None:
        self.assertEqual(reply_to("Введите имя: ".encode(), "anna1", 3), b"anna1")
        self.assertEqual(reply_to(b"Password: ", "anna1", 0), PASSWORD.encode())
        self.assertIn(reply_to(b"Continue? (y/n) ", "anna1", 0), (b"y", b"Y"))

    def test_a_server_that_asks_nothing_gets_the_name_and_then_the_password(self) -> None:
        self.assertEqual(reply_to(b"", "anna1", 0), b"anna1")
        self.assertEqual(reply_to(b"\xff", "anna1", 1), PASSWORD.encode())


class StartTests(SynchronousTestCase):
    def test_a_command_gets_the_address(self) -> None:
        command = filled(("x", "--at={host}:{port}", "{port}", "{name}"), "::1", 9090)
        self.assertEqual(command, ["x", "--at=::1:9090", "9090", "{name}"])

    def test_the_usual_answer_to_a_question_for_the_port_is_the_port(self) -> None:
        answered = usual_answer(Manners(), 9191)
        self.assertEqual(answered(Question(Kind.PORT, "Port: "), []), "9191")

    def test_a_bench_starts_patient(self) -> None:
        self.assertEqual(make_bench(MemoryReactorClock()).patience, 10)
