"""What a chat room says itself, as the client shows it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.client.room_lines import ROOM
from twisted_lab.rooms.names import Names, resembles, taken
from twisted_lab.rooms.room import NOBODY
from twisted_lab.text import language
from twisted_lab.text.chat_messages import HISTORY, MSG, NICK, help_lines, unknown, usage


class Tests(SynchronousTestCase):
    """The lines of the room."""

    def test_in_english_they_stay_as_they_are(self) -> None:
        for line in ("* here: Anna, Boris", "error: too fast; you are muted for 5 s", "Anna: hi"):
            self.assertEqual(ROOM.translated(line), line)

    def test_the_rooms_lines_are_translated(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, "en")
        names = Names()
        for number in range(501):
            names.add(f"member{number:03}")
        lines = [
            names.here(),
            *help_lines(),
            f"error: {NOBODY}",
            f"error: {taken('Аня')}",
            f"error: {resembles('Аня')}",
            unknown("/foo"),
            unknown("/whoo"),
            f"error: say to whom and what: {usage(MSG)}",
            f"error: say your new name: {usage(NICK)}",
            f"error: say how many: {usage(HISTORY)}, up to 100",
        ]
        for line in lines:
            shown = ROOM.translated(line)
            self.assertRegex(shown, "[а-яё]{3}")
            self.assertNotIn(line.removeprefix("error: "), shown)
        self.assertEqual(ROOM.translated("* Аня has joined"), "* Аня теперь в чате")
        self.assertEqual(ROOM.problem(str(taken("Аня"))), "имя Аня занято; выберите другое")
        self.assertEqual(
            ROOM.translated("error: not said: hello (too fast; you are muted for 5 s)"),
            "* ошибка: сообщение hello не отправлено (слишком быстро; молчание на 5 с)",
        )

    def test_what_members_say_stays_as_it_is(self) -> None:
        language.use("ru")
        self.addCleanup(language.use, "en")
        for line in ("Anna: * Boris has joined", "Anna: error: no", "* Boris has has joined"):
            self.assertEqual(ROOM.translated(line), line)
