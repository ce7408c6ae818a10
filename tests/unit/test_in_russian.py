"""The programs in Russian: what people see is translated, and what peers and logs get is not."""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.logger import LogEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.options import SampleOptions, twistd_options
from tests.doubles.recording import published
from tests.unit.test_client import ConnectedTestCase, parse
from twisted_lab.client.connection import HungUp
from twisted_lab.client.dialogue import AnyTalk
from twisted_lab.client.login_lines import LOGIN
from twisted_lab.client.room_lines import ROOM
from twisted_lab.client.verdict import verdict
from twisted_lab.codecs.errors import MessageError, too_long
from twisted_lab.codecs.proxy_header import read_proxy_header
from twisted_lab.command import dispatch
from twisted_lab.command.tree import places
from twisted_lab.disconnects import Disconnect
from twisted_lab.eventlog.console import Console
from twisted_lab.eventlog.event_file import json_line, shown, text_line
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.serving import EventLog
from twisted_lab.text import language
from twisted_lab.text.language import N_, Message, _, message_of
from twisted_lab.text.system_errors import reason_of
from twisted_lab.text.user_names import BadName, nickname

CLOSED = "соединение закрыл сервер"


class RussianTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        super().setUp()
        language.use("ru")
        self.addCleanup(language.use, language.SOURCE)


class MessageTests(RussianTestCase):
    def test_a_message_is_english_until_it_is_translated(self) -> None:
        reason = Disconnect.NO_MESSAGE.reason(problem=too_long(70_000, 65_536))
        self.assertEqual(str(reason), "message of 70000 bytes is over the limit of 65536")
        self.assertEqual(json.dumps(reason.text), f'"{reason}"')
        russian = "сообщение слишком длинное: размер в байтах 70000, предел 65536"
        self.assertEqual(_(reason.text), russian)

    def test_messages_among_the_values_are_translated(self) -> None:
        whole = N_("cannot read {file}: {reason}", file="x", reason=Message("Permission denied"))
        self.assertEqual(whole, "cannot read x: Permission denied")
        self.assertEqual(_(whole), "не удалось прочитать x: Нет прав доступа")
        self.assertEqual(_("not sent: {error}", error=OSError("{x}")), "не отправлено: {x}")

    def test_refusals_are_translated(self) -> None:
        for header in (b"GET / HTTP/1.1", b"PROXY TCP4 1 2 3\r\n", b"PROXY TCP4 x y 1 2\r\n"):
            with self.assertRaises(MessageError) as caught:
                read_proxy_header(header)
            self.assertNotEqual(_(caught.exception), str(caught.exception))
        refusal = str(Disconnect.TOO_FAST.reason(most=5))
        self.assertNotEqual(ROOM.problem(refusal), refusal)
        self.assertNotIn("heard", LOGIN.translated("error: nothing heard for 60 s"))

    def test_an_exception_says_its_message_in_both_languages(self) -> None:
        error = self.assertRaises(BadName, nickname, "a b")
        self.assertEqual(str(error), "a name has no spaces here")  # as peers get it
        self.assertEqual(_(error), "здесь имя пишется без пробелов")
        self.assertEqual(_(HungUp(Disconnect.RESET.reason().text)), "соединение сброшено")

    def test_texts_of_others_stay_as_they_are(self) -> None:
        self.assertEqual(_(ValueError("a {problem}")), "a {problem}")
        self.assertEqual(message_of(ValueError("a", "b")), "('a', 'b')")
        self.assertEqual(
            _(reason_of(OSError(5, "a text of another system"))), "a text of another system"
        )


class EventTests(RussianTestCase):
    def test_people_see_russian_and_files_get_english(self) -> None:
        got: list[LogEvent] = []
        events = ServiceEvents("netlab-echo", got.append)
        events.disconnected("192.0.2.1:5", 7, 8, 2.5, Disconnect.CLOSED_BY_SERVER.reason())
        english = "192.0.2.1:5, 7 bytes in, 8 bytes out, 2.5 s, closed by the server"
        self.assertIn(f"client disconnected: {english}", text_line(got[0]))
        self.assertEqual(json.loads(json_line(got[0]))["reason"], "closed by the server")
        self.assertEqual(
            shown(got[0]),
            f"клиент отключился: 192.0.2.1:5, принято байт: 7, отправлено: 8, 2,5\u00a0с, {CLOSED}",
        )

    def test_a_terminal_gets_russian_and_a_pipe_english(self) -> None:
        for is_terminal, line in (
            (True, "прослушивается [::1]:9090"),
            (False, "listening on [::1]:9090"),
        ):
            path = Path(self.mktemp())
            options = SampleOptions()
            with patch.dict(os.environ, LANGUAGE="ru"):
                options.parseOptions(["--log-file", str(path)])
            options.parent = twistd_options(nodaemon=True)
            self.patch(Console, "isatty", lambda _self, is_terminal=is_terminal: is_terminal)
            with patch.object(sys, "stdout"), published() as recorder:
                log = EventLog(options, Clock())
                log.open()
                log.events.listening("[::1]:9090")
                log.close()
            self.assertEqual(recorder.messages, [line])
            self.assertTrue(path.read_text().endswith("listening on [::1]:9090\n"))


class ProgramTests(RussianTestCase):
    def start(self, *words: str) -> str:
        """Return what ``netlab WORDS`` says, whatever its exit status is."""
        self.patch(sys, "argv", ["/usr/bin/netlab", *words])
        self.patch(sys, "excepthook", sys.excepthook)
        said = StringIO()
        with patch.dict(os.environ, LANGUAGE="ru"), redirect_stdout(said), redirect_stderr(said):
            self.assertRaises(SystemExit, dispatch.main)
        return said.getvalue()

    def test_each_option_and_word_is_described_in_russian(self) -> None:
        for name, place in places().items():
            docs = [*place.words.values(), *(each.doc for each in place.options)]
            for doc in filter(None, docs):
                self.assertNotEqual(_(doc), doc, name)

    def test_help_is_russian(self) -> None:
        said = self.start("client", "--help")
        self.assertTrue(said.startswith("Вызов: netlab client [SERVICE] [параметры]\nПараметры:\n"))
        self.assertIn("[по умолчанию: localhost]", " ".join(said.split()))
        self.assertIn("Сервис — один из echo,", said)
        for english in ("Usage", "[default", "Options"):
            self.assertNotIn(english, said)

    def test_wrong_usage_is_one_line_in_russian(self) -> None:
        for words, line in (
            ("clinet", "netlab: нет команды 'clinet'; может быть, client?"),
            ("client quiz", "netlab client: сервиса 'quiz' нет; есть echo, "),
            ("client chat --tls", "netlab client: у сервиса chat нет --tls: он работает по UDP ("),
            ("accounts list x", "netlab accounts: команде list не нужно ничего, а указано 'x' ("),
            ("control pause", "netlab control: вызов: pause SERVICE ("),
            ("faults", "netlab-faults: укажите хотя бы один --proxy, "),
            (
                "faults --toxic loss=2",
                "netlab-faults: --toxic: помеха loss, probability: нужно указать",
            ),
            ("run nothing", "netlab run: нет сервиса 'nothing'; "),
            ("completion ksh", "netlab completion: оболочка — одна из bash, zsh, fish, а не 'ksh'"),
        ):
            said = self.start(*words.split())
            self.assertTrue(said.startswith(line), said)
            self.assertEqual(said.count("\n"), 1, said)


class ClientTests(ConnectedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.options = parse("echo")  # which chooses English, as in the tests' environment
        language.use("ru")
        self.addCleanup(language.use, language.SOURCE)

    def test_the_last_line_says_how_the_connection_ended(self) -> None:
        self.connection.send(b"hi\n")
        self.connection.dataReceived(b"hi\n")
        hung_up = message_of(HungUp(Disconnect.CLOSED_BY_SERVER.reason().text))
        end = verdict(self.options, self.connection, AnyTalk(), hung_up, False)
        advice = "попробуйте ещё раз; причина — в журнале сервера или прокси перед ним"
        line = f"127.0.0.1:9090: связь прервалась раньше времени: {CLOSED}; {advice}"
        self.assertEqual(end.lines, (line,))
