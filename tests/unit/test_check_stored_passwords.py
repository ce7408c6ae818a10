"""Forms in which a password may be stored."""

from __future__ import annotations

import base64
import hashlib

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.conversation.stored_passwords import (
    bare_hash,
    holds_text,
    is_log,
    named_tokens,
    names_a_slow_hash,
    random_words,
    record,
    repeated_values,
    reversible_form,
)

SECRET = "Str0ng-пароль"


class FormTests(SynchronousTestCase):
    """Each form is found, and none is found in a salted hash."""

    def test_plain_text(self) -> None:
        for encoding in ("utf-8", "utf-16", "utf-16-be"):
            self.assertTrue(holds_text(b'{"a": "' + SECRET.encode(encoding), SECRET), encoding)
        self.assertFalse(holds_text(SECRET[:-1].encode(), SECRET))

    def test_reversible_forms(self) -> None:
        raw = SECRET.encode()
        for name, data in (
            ("base64", base64.b64encode(raw)),
            ("hexadecimal", raw.hex().upper().encode()),
            ("reversed", raw[::-1]),
        ):
            self.assertEqual(reversible_form(b"x;" + data + b"\n", SECRET), name)
        self.assertEqual(reversible_form(raw, SECRET), "")

    def test_bare_hashes(self) -> None:
        digest = hashlib.sha256(SECRET.encode()).digest()
        for data in (digest, digest.hex().upper().encode(), base64.b64encode(digest)):
            self.assertEqual(bare_hash(b"Anna:" + data, SECRET), "SHA-256")
        md5 = hashlib.md5(SECRET.encode() + b"\n", usedforsecurity=False).hexdigest()
        self.assertEqual(bare_hash(md5.encode(), SECRET), "MD5")
        salted = hashlib.sha256(b"salt" + SECRET.encode()).hexdigest()
        self.assertEqual(bare_hash(salted.encode(), SECRET), "")

    def test_slow_hashes(self) -> None:
        for text in (b"$2b$12$abc", b"$argon2id$v=19$", b"pbkdf2_sha256$600000$", b"scrypt:32768"):
            self.assertTrue(names_a_slow_hash(text), text)
        self.assertFalse(names_a_slow_hash(b'{"Anna": "5f4dcc3b5aa765d61d8327deb882cf99"}'))

    def test_the_record_of_a_person_does_not_name_the_person(self) -> None:
        for data in (
            b'{"Anna": 736, "Boris": 736}',
            b'[{"name": "Anna", "hash": 736}, {"name": "Boris", "hash": 736}]',
            b'{"users": [["Anna", 736], ["Boris", 736]]}',
            b"Anna:736\nBoris:736\n",
            b"{'Anna': 736, 'Boris': 736}",
        ):
            found = [record(data, each, ("Anna", "Boris")) for each in ("Anna", "Boris")]
            self.assertEqual(found[0], found[1], data)
            self.assertIn("736", found[0])
        self.assertEqual(record(b"Anna\n736\nBoris\n736\n", "Anna", ("Boris",)), "")
        self.assertEqual(record(b"[" * 100_000, "Anna", ("Boris",)), "")

    def test_repeated_values(self) -> None:
        value = b"5f4dcc3b5aa765d61d8327deb882cf99"
        self.assertEqual(repeated_values(b"a:%b\nb:%b" % (value, value)), {value})
        self.assertEqual(repeated_values(b"a:%b\nb:%b" % (value, value[::-1])), set())

    def test_logs(self) -> None:
        for name in ("server.log", "log.txt", "лог.txt", "history.json"):
            self.assertTrue(is_log(name, b"", []), name)
        for name in ("login.json", "users.csv", "logins.txt"):
            self.assertFalse(is_log(name, b"", []), name)
        self.assertTrue(is_log("out.txt", b"Received: abcd", [b"abcd"]))

    def test_an_empty_text_makes_no_log(self) -> None:
        self.assertFalse(is_log("users.json", b"Anna", [b""]))

    def test_random_words(self) -> None:
        token = b"5f4dcc3b5aa765d61d8327deb882cf99"
        self.assertEqual(random_words(b"Welcome! Your token is %b." % token), (token,))
        for around in (
            b"'%b'",
            b"{token: %b}",
            b"token=%b\r\n",
            b"\x1b[32m%b\x1b[0m",
            b"\xab%b\xbb",
        ):
            self.assertEqual(random_words(around % token), (token,), around)
        self.assertEqual(random_words(b"Congratulations, registration-completed"), ())

    def test_short_words_that_are_called_tokens(self) -> None:
        for heard, token in (
            ("Welcome! Your token is t1234\n", "t1234"),
            ("Ваш токен: 1", "1"),
            ("Токен: 123456. Запомните его", "123456"),
            ("Ваш токен — «12»", "12"),
            ("token=77;", "77"),
        ):
            self.assertEqual(named_tokens(heard.encode()), (token,), heard)
        for heard in ("Token: ", "Token valid for: 30 min", "Token: none", "Room 7"):
            self.assertEqual(named_tokens(heard.encode()), (), heard)

    def test_a_part_of_a_word_is_no_token(self) -> None:
        token = b"5f4dcc3b5aa765d61d8327deb882cf99"
        for word in (b"{0}%%s%b", b"%b$x", b"%b#", b"%b" + b"a1" * 300):
            self.assertEqual(random_words(word % token), (), word)

    def test_hostile_words_take_no_time(self) -> None:
        for word in (b"a", b"a1=", b"1.", b"-"):
            random_words(word * 20_000)
        for word in (b"token", b"token ", b"token: a", b"token" + b" " * 9):
            named_tokens(word * 20_000)
