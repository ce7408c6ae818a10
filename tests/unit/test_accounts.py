import re
import unicodedata
from functools import partial
from unittest.mock import patch

from hypothesis import assume, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.storage import StoredCase
from twisted_lab.accounts import (
    ACCOUNT_TABLES,
    TOKEN_PREFIX,
    BadName,
    BadPassword,
    Lifetimes,
    Passwords,
    Queries,
    Session,
    account_name,
    change_password,
    check_password,
    clean_name,
    find_session,
    name_key,
    new_token,
    open_session,
    register,
    resume_session,
    revoke,
    time_text,
    token_digest,
)
from twisted_lab.accounts.sessions import REMEMBERED

CHEAP = Passwords(memory_mib=0.0625, passes=1)
# Whole numbers below 2**40 have exact sums, so rounding cannot fail a test.
times = st.integers(0, 2**40).map(float)


class NamesTests(SynchronousTestCase):
    def test_a_name_is_stripped_of_surrounding_space(self) -> None:
        self.assertEqual(clean_name(" \t Anna Lee\r\n"), "Anna Lee")

    def test_the_length_limit_ignores_surrounding_space(self) -> None:
        self.assertEqual(clean_name(" " * 99 + "ж" * 64), "ж" * 64)

    def test_unsuitable_names_are_refused(self) -> None:
        for text, reason in (
            ("", "1 to 64 characters, not 0"),
            ("  \n", "1 to 64 characters, not 0"),
            ("a" * 65, "1 to 64 characters, not 65"),
            ("a\x1b[2Jb", "no control or invisible characters"),
            ("a\nb", "no control or invisible characters"),
            ("a\u202eb", "no control or invisible characters"),
            ("a\u200bb", "no control or invisible characters"),
            ("a\ud800", "no control or invisible characters"),
        ):
            error = self.assertRaises(BadName, clean_name, text)
            self.assertIn(reason, str(error))

    @given(st.text())
    def test_cleaning_a_name_twice_changes_nothing(self, text: str) -> None:
        try:
            name = clean_name(text)
        except BadName:
            return
        self.assertEqual(clean_name(name), name)
        self.assertTrue(1 <= len(name) <= 64 and name.isprintable())

    def test_variants_of_a_name_share_its_key(self) -> None:
        for one, other in (
            ("ANNA", "Anna"),
            ("Straße", "STRASSE"),
            ("Zoe\u0308", "ZO\u00cb"),
            ("\uff21nna", "anna"),
            ("ЮЛИЯ", "Юлия"),
            ("σίσυφος", "ΣΊΣΥΦΟΣ"),
        ):
            self.assertEqual(name_key(one), name_key(other))
        self.assertNotEqual(name_key("anna"), name_key("hanna"))

    def test_overlong_text_is_not_normalized(self) -> None:
        with patch("unicodedata.normalize") as normalize:
            for text in ("x" * 65, "a" + "\u0301\u0316" * 16_000):
                error = self.assertRaises(BadName, name_key, text)
                self.assertIn("at most 64 characters", str(error))
            normalize.assert_not_called()
        self.assertEqual(
            len(name_key("\ufdfa" * 64)), 64 * 18
        )  # the largest growth of any character

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=16))
    def test_the_key_of_a_key_is_the_same_key(self, text: str) -> None:
        key = name_key(text)
        assume(len(key) <= 64 and len(unicodedata.normalize("NFD", text)) <= 64)
        self.assertEqual(name_key(key), key)
        self.assertEqual(name_key(unicodedata.normalize("NFD", text)), key)

    def test_a_token_is_no_valid_account_name(self) -> None:
        self.assertEqual(account_name(" nltk "), "nltk")
        error = self.assertRaises(BadName, account_name, f" {TOKEN_PREFIX}anna")
        self.assertIn("does not begin with nlt_", str(error))
        self.assertRaises(BadName, account_name, new_token())


class PasswordsTests(SynchronousTestCase):
    def test_suitable_passwords_are_accepted(self) -> None:
        for password in ("12345678", "п" * 8, " " * 8, "x" * 1024):
            check_password(password)
        check_password("x", shortest=1)

    def test_unsuitable_passwords_are_refused(self) -> None:
        for password, reason in (
            ("", "at least 8"),
            ("1234567", "at least 8"),
            ("e\u0301" * 4, "at least 8"),  # 8 code points, but 4 letters
            ("\ufdfa", "at least 8"),  # 1 letter that normalizes to 18
            ("x" * 1025, "at most 1024"),
        ):
            error = self.assertRaises(BadPassword, check_password, password)
            self.assertIn(reason, str(error))

    def test_hashes_have_the_default_parameters(self) -> None:
        passwords = Passwords()
        hashed = passwords.hash("12345678")
        for text in (hashed, passwords.decoy):
            self.assertTrue(text.startswith("$argon2id$v=19$m=19456,t=2,p=1$"), text)
        self.assertFalse(passwords.is_outdated(hashed))
        cheap = CHEAP.hash("12345678")
        self.assertTrue(passwords.is_outdated(cheap))
        self.assertTrue(passwords.matches(cheap, "12345678"))

    def test_only_the_password_matches(self) -> None:
        hashed = CHEAP.hash("secret word")
        self.assertTrue(CHEAP.matches(hashed, "secret word"))
        for wrong in ("", "Secret word", "secret word ", "secret word\0", "secret wor"):
            self.assertFalse(CHEAP.matches(hashed, wrong), wrong)

    def test_each_hash_has_its_own_salt(self) -> None:
        self.assertNotEqual(CHEAP.hash("secret word"), CHEAP.hash("secret word"))

    def test_a_password_matches_in_another_unicode_form(self) -> None:
        hashed = CHEAP.hash("caf\u00e9 caf\u00e9")
        self.assertTrue(CHEAP.matches(hashed, "cafe\u0301 cafe\u0301"))
        self.assertFalse(CHEAP.matches(hashed, "cafe cafe"))

    def test_a_password_that_is_not_unicode_matches_only_itself(self) -> None:
        hashed = CHEAP.hash("\udcff" * 8)
        self.assertTrue(CHEAP.matches(hashed, "\udcff" * 8))
        self.assertFalse(CHEAP.matches(hashed, "\udcfe" * 8))

    def test_an_overlong_password_matches_nothing(self) -> None:
        for password in ("", "x" * 1025):
            self.assertFalse(CHEAP.matches(CHEAP.hash(password), "x" * 1025))

    def test_no_password_matches_the_decoy(self) -> None:
        self.assertFalse(CHEAP.matches(CHEAP.decoy, ""))
        self.assertNotEqual(CHEAP.decoy, Passwords(memory_mib=0.0625, passes=1).decoy)


class SessionsTests(SynchronousTestCase):
    def test_tokens_are_random_and_recognised(self) -> None:
        self.assertTrue(re.fullmatch(r"nlt_[A-Za-z0-9_-]{43}", new_token()))
        self.assertNotEqual(new_token(), new_token())
        self.assertEqual(new_token(bytes), TOKEN_PREFIX + "A" * 43)

    def test_a_token_digest_is_sha_256(self) -> None:
        self.assertEqual(
            token_digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        self.assertNotEqual(token_digest("\udcff"), token_digest("\udcfe"))

    def test_times_are_shown_in_utc(self) -> None:
        self.assertEqual(time_text(0), "1970-01-01T00:00:00Z")
        self.assertEqual(time_text(1790000000.9), "2026-09-21T14:13:20Z")

    def test_a_session_id_has_eight_characters(self) -> None:
        self.assertEqual(Session("0123456789", "anna", "", 0, 0, 0).id, "01234567")

    def test_default_lifetimes_are_30_minutes_and_12_hours(self) -> None:
        self.assertEqual(Lifetimes().end(since=0, used=0), 1800)
        self.assertEqual(Lifetimes().end(since=0, used=42000), 43200)

    @given(since=times, used=times, idle=times, whole=times)
    def test_a_session_ends_at_the_earlier_limit(
        self, since: float, used: float, idle: float, whole: float
    ) -> None:
        end = Lifetimes(idle, whole).end(since, used)
        self.assertIn(end, (used + idle, since + whole))
        self.assertLessEqual(end, used + idle)
        self.assertLessEqual(end, since + whole)


class MemoryCase(StoredCase):
    def setUp(self) -> None:
        self.database = self.make_database(ACCOUNT_TABLES)
        self.run_work = self.database.run


class AccountsTests(MemoryCase):
    def setUp(self) -> None:
        super().setUp()
        self.lifetimes = Lifetimes(idle=10.0, whole=100.0)

    def register(self, name: str) -> bool:
        return self.run_work(lambda queries: register(queries, name, f"hash of {name}", 0.0))

    def open(self, key: str, token: str, now: float) -> None:
        self.run_work(
            lambda queries: open_session(queries, key, token, "192.0.2.1:9", now, self.lifetimes)
        )

    def resume(self, token: str, now: float) -> str | None:
        account = self.run_work(lambda queries: resume_session(queries, token, now, self.lifetimes))
        return account.name if account else None

    def live(self, key: str, now: float) -> list[str]:
        async def live(queries: Queries) -> list[str]:
            return [session.digest async for session in queries.sessions_of(key, now)]

        return self.run_work(live)

    def test_a_name_is_registered_once(self) -> None:
        self.assertTrue(self.register("Anna"))
        for name in ("Anna", "ANNA", "\uff21nna"):
            self.assertFalse(self.register(name))
        account = self.run_work(lambda queries: queries.account("anna"))
        assert account is not None
        self.assertEqual((account.name, account.password), ("Anna", "hash of Anna"))

    def test_a_lookalike_name_is_not_registered(self) -> None:
        self.assertTrue(self.register("Anna"))
        for name in ("Аnna", "АNNA", "Anna\u2060"):
            self.assertFalse(self.register(name))
        results = self.database.run_all(
            [partial(register, name=name, hashed="", now=0.0) for name in ("Ivan", "lvan")]
        )
        self.assertEqual(results, [True, False])
        self.run_work(lambda queries: queries.forget_account("ivan"))
        self.assertTrue(self.register("lvan"))

    def test_one_of_two_simultaneous_registrations_succeeds(self) -> None:
        results = self.database.run_all(
            [partial(register, name=name, hashed="", now=0.0) for name in ("Anna", "ANNA")]
        )
        self.assertEqual(results, [True, False])

    def test_a_session_is_resumed_until_it_ends(self) -> None:
        self.register("Anna")
        self.open("anna", "t", 0.0)
        for now in (9.0, 18.0, 27.0):
            self.assertEqual(self.resume("t", now), "Anna")
        self.assertIsNone(self.resume("t", 37.0))
        self.assertIsNone(self.resume("T", 27.0))

    def test_use_does_not_extend_the_whole_lifetime(self) -> None:
        self.register("Anna")
        self.open("anna", "t", 0.0)
        for now in range(0, 100, 9):
            self.assertEqual(self.resume("t", float(now)), "Anna")
        self.assertIsNone(self.resume("t", 100.0))

    def test_a_new_session_deletes_long_ended_ones(self) -> None:
        self.register("Anna")
        for token, now in (("a", 0.0), ("b", 5.0), ("c", 10.0 + REMEMBERED)):
            self.open("anna", token, now)

        async def stored(queries: Queries) -> list[bool]:
            return [await find_session(queries, token) is not None for token in "abc"]

        self.assertEqual(self.run_work(stored), [False, True, True])

    def test_a_new_password_ends_all_other_sessions(self) -> None:
        for name in ("Anna", "Berta"):
            self.register(name)
            self.open(name.casefold(), f"{name} 1", 0.0)
            self.open(name.casefold(), f"{name} 2", 0.0)
        self.run_work(
            lambda queries: change_password(queries, "anna", "new", token_digest("Anna 2"))
        )
        self.assertEqual(self.live("anna", 1.0), [token_digest("Anna 2")])
        self.assertEqual(len(self.live("berta", 1.0)), 2)
        account = self.run_work(lambda queries: queries.account("anna"))
        assert account is not None
        self.assertEqual(account.password, "new")

    def test_ended_sessions_are_not_listed(self) -> None:
        self.register("Anna")
        self.open("anna", "b", 0.0)
        self.open("anna", "a", 5.0)
        self.assertEqual(self.live("anna", 9.0), [token_digest("b"), token_digest("a")])
        self.assertEqual(self.live("anna", 10.0), [token_digest("a")])
        self.assertEqual(self.live("berta", 0.0), [])

    def test_a_session_over_the_limit_ends_the_oldest(self) -> None:
        self.lifetimes = Lifetimes(most=3)
        self.register("Anna")
        for number in range(5):
            self.open("anna", f"t{number}", float(number))
        self.assertEqual(self.live("anna", 5.0), [token_digest(f"t{n}") for n in (2, 3, 4)])
        for number in (0, 1):
            ended = self.run_work(partial(find_session, token=f"t{number}"))
            assert ended is not None
            self.assertEqual(ended.reason, "newer ones were opened, and an account has at most 3")

    def test_the_number_of_ended_sessions_is_bounded(self) -> None:
        self.lifetimes = Lifetimes(most=3)
        self.register("Anna")
        for number in range(20):
            self.open("anna", f"t{number}", float(number))

        async def stored(queries: Queries) -> list[int]:
            known = [await find_session(queries, f"t{number}") for number in range(20)]
            return [number for number in range(20) if known[number]]

        self.assertEqual(self.run_work(stored), [14, 15, 16, 17, 18, 19])

    def test_a_session_is_revoked_by_id_and_account(self) -> None:
        self.register("Anna")
        self.register("Berta")
        self.open("anna", "a", 0.0)
        self.open("anna", "b", 0.0)
        id_ = token_digest("a")[:8]
        for key, word, done in (
            ("berta", id_, False),
            ("anna", "", False),
            ("anna", id_[:7], False),
            ("anna", id_, True),
            ("anna", id_, False),
        ):
            self.assertEqual(
                self.run_work(partial(revoke, key=key, session_id=word, now=1.0)), done
            )
        self.assertEqual(self.live("anna", 1.0), [token_digest("b")])

    def test_forgetting_an_account_deletes_its_sessions(self) -> None:
        self.register("Anna")
        self.open("anna", "t", 0.0)
        self.assertEqual(self.run_work(lambda queries: queries.forget_account("anna")), "Anna")
        self.assertIsNone(self.resume("t", 1.0))
        self.register("Anna")
        self.assertIsNone(self.resume("t", 1.0))

    def test_a_hash_is_renewed_unless_the_password_changed(self) -> None:
        self.register("Anna")
        for old, new, kept in (("old", "x", "hash of Anna"), ("hash of Anna", "y", "y")):
            self.run_work(partial(self.renew, old=old, new=new))
            account = self.run_work(lambda queries: queries.account("anna"))
            assert account is not None
            self.assertEqual(account.password, kept)

    async def renew(self, queries: Queries, old: str, new: str) -> None:
        await queries.renew_password("anna", old, new)


class HostileTests(SynchronousTestCase):
    def test_an_invisible_name_is_refused(self) -> None:
        for name in ("\u3164", "Anna\ufe0f", "\u2800", "An\u034fna", "\U000e0100a"):
            self.assertRaises(BadName, clean_name, name)

    def test_a_malformed_hash_matches_nothing(self) -> None:
        for hashed in ("", "x", "$argon2id$", "plain text"):
            self.assertFalse(CHEAP.matches(hashed, hashed))
