"""The conversations of netlab-ident and netlab-auth, over scripted channels."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.channels import LiveChannel
from tests.doubles.recording import Recorder, recorded_events
from tests.doubles.storage import CHEAP, CountingHashes, StoredCase
from twisted_lab import known_peers
from twisted_lab.accounts import ACCOUNT_TABLES, Lifetimes, register
from twisted_lab.channels import PeerGone, Refused, Unable
from twisted_lab.login import AccountRealm
from twisted_lab.peers import Peer
from twisted_lab.services import auth, ident
from twisted_lab.services.auth import Authentication
from twisted_lab.services.ident import Identification
from twisted_lab.testing import ScriptedChannel, play
from twisted_lab.text import language

PASSWORD = "correct horse"


class IdentificationTests(StoredCase):
    def setUp(self) -> None:
        self.storage = self.new_storage(known_peers.PEER_TABLES)
        self.clock = Clock()
        self.service = Identification(self.storage, self.clock.seconds, self.clock.seconds)

    def test_a_known_address_is_greeted_by_name(self) -> None:
        self.assertEqual(
            play(self.service.converse, " Anna "), ["What's your name?", "Hello, Anna"]
        )
        self.assertEqual(play(self.service.converse), ["Hello, Anna"])

    def test_three_bad_names_end_the_conversation(self) -> None:
        said = play(self.service.converse, "", "x" * 65, "\x1b[2J", "Anna")
        self.assertEqual(said[0::2], ["What's your name?"] * 3)
        self.assertEqual(
            said[1::2],
            [
                "error: a name has 1 to 64 characters, not 0",
                "error: a name has 1 to 64 characters, not 65",
                "error: a name has no control or invisible characters",
            ],
        )

    def test_one_of_two_simultaneous_names_is_kept(self) -> None:
        channels = [LiveChannel(1), LiveChannel(2)]
        for channel in channels:
            Deferred.fromCoroutine(self.service.converse(channel))
        channels[1].hears("Boris")
        channels[0].hears("Anna")
        for channel in channels:
            self.assertEqual(channel.said[-1], "Hello, Boris")

    def test_nothing_is_acknowledged_before_it_is_stored(self) -> None:
        channel = LiveChannel(1)
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        self.storage.full = True
        channel.hears("Anna")
        self.failureResultOf(ended, Unable)
        self.assertEqual(channel.said, ["What's your name?"])

    def test_an_invisible_name_is_refused(self) -> None:
        said = play(self.service.converse, "\U0001d159", "A\u0301\u0301\u0301", "Аnna")
        self.assertEqual(
            said[1::2],
            [
                "error: a name has no control or invisible characters",
                "error: a name has at most 2 marks on a character, and none alone",
                "Hello, Аnna",
            ],
        )

    def introduce(self, host: str) -> Deferred[None]:
        channel = ScriptedChannel("Anna", host=host)
        return Deferred.fromCoroutine(self.service.converse(channel))

    def test_new_names_are_rate_limited_per_network(self) -> None:
        for number in range(ident.NEW_AT_ONCE):
            self.successResultOf(self.introduce(f"2001:db8::{number}"))
        failure = self.failureResultOf(self.introduce("2001:db8::ffff"), Refused)
        self.assertEqual(
            str(failure.value), "too many new names from your network; try again in 1 s"
        )
        for host in ("2001:db8::1", "2001:db8:0:1::1", "192.0.2.1"):
            self.successResultOf(self.introduce(host))
        self.clock.advance(1)
        self.successResultOf(self.introduce("2001:db8::ffff"))

    def test_a_full_database_refuses_a_new_name(self) -> None:
        self.patch(known_peers, "MOST_PEERS", 0)
        failure = self.failureResultOf(self.introduce("192.0.2.1"), Refused)
        self.assertIn("there is no room for new names", str(failure.value))

    def test_all_unix_socket_peers_are_one_peer(self) -> None:
        for said in (["What's your name?", "Hello, Anna"], ["Hello, Anna"]):
            channel = ScriptedChannel("Anna", host="")
            self.successResultOf(Deferred.fromCoroutine(self.service.converse(channel)))
            self.assertEqual(channel.said, said)


class AuthenticationTestCase(StoredCase):
    is_open = True
    takes_plaintext = False

    def setUp(self) -> None:
        self.storage = self.new_storage(ACCOUNT_TABLES)
        self.hashes = CountingHashes()
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.events, self.recorder = recorded_events()
        self.service = self.make_service(self.is_open)

    def make_service(self, is_open: bool) -> Authentication:
        realm = AccountRealm(self.storage, self.hashes, self.clock, Lifetimes(), self.clock.seconds)
        return Authentication(realm, self.events, is_open, self.takes_plaintext)

    def talk(self, *script: str) -> list[str]:
        return play(self.service.converse, *script)

    def talk_from(self, host: str, *script: str) -> list[str]:
        channel = ScriptedChannel(*script, host=host)
        talking = Deferred.fromCoroutine(self.service.converse(channel))
        talking.addErrback(lambda failure: failure.trap(PeerGone, Refused))
        self.successResultOf(talking)
        return channel.said

    def register(self, name: str = "alice") -> str:
        """Open an account, and return its token."""
        said = self.talk(name, PASSWORD, PASSWORD)
        self.assertEqual(said[3], f"Hello, {name}")
        return said[4].split()[1]


class IdleTimeoutTests(AuthenticationTestCase):
    def test_the_idle_timeout_before_login_is_a_minute(self) -> None:
        for patience, before in ((600.0, 60.0), (7.0, 7.0)):
            channel = LiveChannel(1)
            channel.patience = patience
            Deferred.fromCoroutine(self.service.converse(channel))
            self.assertEqual(channel.patience, before)
            channel.hears(f"anna{patience:g}")
            channel.hears(PASSWORD)
            self.assertEqual(channel.patience, before)
            channel.hears(PASSWORD)
            self.assertIn("Token: ", channel.said[-1])
            self.assertEqual(channel.patience, patience)


class AuthenticationTests(AuthenticationTestCase):
    def test_a_new_name_registers_an_account(self) -> None:
        said = self.talk("alice", PASSWORD, PASSWORD)
        self.assertEqual(
            said[:4],
            [
                "Name or token?",
                "New name. Choose a password:",
                "Repeat the password:",
                "Hello, alice",
            ],
        )
        self.assertRegex(said[4], r"^Token: nlt_[\w-]{43}  valid until 2023-11-15T10:13:20Z$")

    def test_the_right_password_logs_in(self) -> None:
        self.register()
        said = self.talk(" ALICE ", PASSWORD, "whoami")
        self.assertEqual(said[:3], ["Name or token?", "Password?", "Hello, alice"])
        self.assertEqual(said[4], "alice")

    def test_a_token_logs_in(self) -> None:
        token = self.register()
        self.assertEqual(
            self.talk(token, "whoami"), ["Name or token?", "Welcome back, alice", "alice"]
        )

    def test_three_wrong_passwords_end_the_conversation(self) -> None:
        self.register()
        channel = ScriptedChannel("alice", "wrong", "nlt_wrong", "alice", "wrong", "alice")
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        self.clock.pump([1, 2, 2])
        self.successResultOf(ended)
        self.assertEqual(
            channel.said,
            [
                "Name or token?",
                "Password?",
                "Wrong name, password or token.",
                "Name or token?",
                "Wrong name, password or token.",
                "Name or token?",
                "Password?",
                "Wrong name, password or token.",
            ],
        )
        self.assertEqual(self.recorder.names.count("login failed"), 3)

    def test_an_unsuitable_name_or_password_is_refused(self) -> None:
        choose = "New name. Choose a password:"
        for script, error, asked in (
            (("bob", "short"), "error: a password has at least 8 characters", choose),
            (("bob", "x" * 1025), "error: a password has at most 1024 characters", choose),
            (("bob", PASSWORD, "no"), "error: the two passwords are not the same", choose),
        ):
            said = self.talk(*script)
            self.assertEqual(said[-2:], [error, asked])
        self.assertEqual(self.hashes.count, 0)

    def test_nothing_is_read_after_a_refused_name(self) -> None:
        """A script sends its password next, which must not become an account's name."""
        for name, error in (
            ("x" * 65, "a name has 1 to 64 characters, not 65"),
            ("", "a name has 1 to 64 characters, not 0"),
            ("An\0na", "a name has no control or invisible characters"),
        ):
            channel = ScriptedChannel(name, PASSWORD, PASSWORD, PASSWORD)
            ended = Deferred.fromCoroutine(self.service.converse(channel))
            refused = self.failureResultOf(ended, Refused)
            self.assertEqual(str(refused.value), error)
            self.assertEqual(channel.said, ["Name or token?"])
            language.use("ru")  # the log on a terminal
            self.addCleanup(language.use, language.SOURCE)
            self.assertTrue(language._(refused.value).startswith("в имени "), error)

    def test_a_repeated_password_does_not_become_a_name(self) -> None:
        self.register()
        channel = ScriptedChannel("alice", "not this", "not this", "not this", "not this")
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        self.clock.advance(1)
        self.failureResultOf(ended, Refused)
        self.assertEqual(channel.said[-1], "Name or token?")
        self.assertNotIn("not this", str([*channel.said, *self.recorder.messages]))

    def test_three_unsuitable_passwords_end_the_registration(self) -> None:
        said = self.talk("bob", "1", "2", "3", "bob")
        self.assertEqual(said.count("New name. Choose a password:"), 3)
        error = "error: a password has at least 8 characters"
        self.assertEqual(said[2::2], [error, f"{error}; this is the last try", error])

    def test_one_of_two_registrations_of_a_name_succeeds(self) -> None:
        channels = [LiveChannel(1), LiveChannel(2)]
        for channel in channels:
            Deferred.fromCoroutine(self.service.converse(channel))
        for text in ("alice", PASSWORD, PASSWORD):
            for channel in channels:
                channel.hears(text)
        self.assertIn("Hello, alice", channels[0].said)
        self.assertEqual(
            channels[1].said[-2:],
            ["error: that name has just been taken", "Name or token?"],
        )

    def test_closed_registration_does_not_reveal_names(self) -> None:
        self.register()
        self.service = self.make_service(is_open=False)
        said = []
        for name in ("alice", "nobody"):
            self.hashes.count = 0
            said.append((self.talk(name, "wrong"), self.hashes.count))
            self.clock.advance(1000)
        self.assertEqual(said[0], said[1])

    def test_nothing_is_acknowledged_before_it_is_stored(self) -> None:
        channel = LiveChannel(1)
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        channel.hears("alice")
        channel.hears(PASSWORD)
        self.storage.full = True
        channel.hears(PASSWORD)
        self.failureResultOf(ended, Unable)
        self.assertEqual(channel.said[-1], "Repeat the password:")

    def test_passwords_in_clear_text_are_refused(self) -> None:
        channel = ScriptedChannel("alice")
        channel.peer = Peer("10.0.0.1", 1, "10.0.0.1:1", in_clear=True)
        self.successResultOf(Deferred.fromCoroutine(self.service.converse(channel)))
        [line] = channel.said
        self.assertTrue(line.startswith("error: others on the network could read"), line)

    def test_the_log_contains_no_secrets(self) -> None:
        token = self.register()
        self.talk(token, "passwd", PASSWORD, "another password", "another password", "whoami")
        self.talk(PASSWORD, PASSWORD)
        logged = repr(list(self.recorder)) + repr(self.recorder.messages)
        self.assertIn("alice", logged)
        for secret in (PASSWORD, "another password", token):
            self.assertNotIn(secret, logged)


class NetworkTests(AuthenticationTestCase):
    """The number of accounts that a network can open, and logins while others guess."""

    def test_a_network_can_open_100_accounts_a_day(self) -> None:
        for number in range(100):
            self.assertIn(
                f"Hello, a{number}",
                self.talk_from(f"2001:db8::{number + 1:x}", f"a{number}", PASSWORD, PASSWORD),
            )
        channel = ScriptedChannel("another", PASSWORD, PASSWORD, host="2001:db8::ffff")
        refused = self.failureResultOf(
            Deferred.fromCoroutine(self.service.converse(channel)), Refused
        )
        self.assertIn("100 accounts were opened from your network", str(refused.value))
        self.assertIn("try again in 24 h", str(refused.value))
        self.assertEqual(channel.said, ["Name or token?"])
        self.assertIn("Hello, a0", self.talk_from("2001:db8::1", "a0", PASSWORD))
        self.assertIn("Hello, b", self.talk_from("10.0.0.9", "b", PASSWORD, PASSWORD))
        self.clock.advance(24 * 3600)
        self.assertIn("Hello, c", self.talk_from("2001:db8::1", "c", PASSWORD, PASSWORD))

    def test_simultaneous_registrations_do_not_exceed_the_limit(self) -> None:
        for number in range(99):
            self.talk_from("10.0.0.1", f"a{number}", PASSWORD, PASSWORD)
        channels = [LiveChannel(number, host="10.0.0.1") for number in range(3)]
        talks = [Deferred.fromCoroutine(self.service.converse(each)) for each in channels]
        for text in ("{}", PASSWORD, PASSWORD):
            for number, channel in enumerate(channels):
                channel.hears(text.format(f"b{number}"))
        self.assertIn("Hello, b0", channels[0].said)
        for talk in talks[1:]:
            self.failureResultOf(talk, Refused)

    def test_each_hash_is_queued_for_its_network(self) -> None:
        self.talk_from("2001:db8::1", "alice", PASSWORD, PASSWORD)
        new = ["another password"] * 2
        self.talk_from("2001:db8:1::2", "alice", PASSWORD, "passwd", PASSWORD, *new)
        self.assertEqual(self.hashes.networks, ["2001:db8::", *["2001:db8:1::"] * 3])

    def test_a_full_database_refuses_new_accounts(self) -> None:
        self.patch(auth, "MOST_ACCOUNTS", 1)
        self.assertIn("Hello, a", self.talk_from("10.0.0.1", "a", PASSWORD, PASSWORD))
        self.assertEqual(self.talk_from("10.0.0.1", "b", PASSWORD), ["Name or token?"])
        self.assertIn("Hello, a", self.talk_from("10.0.0.1", "a", PASSWORD))

    def test_an_unchecked_password_is_logged_as_another_event(self) -> None:
        self.talk_from("10.0.1.1", "alice", PASSWORD, PASSWORD)
        for _ in range(7):
            self.clock.advance(64)
            self.talk_from("10.0.2.2", "alice", "wrong")
        self.talk_from("10.0.2.2", "alice", PASSWORD)
        said = [line for line in self.recorder.messages if "login" in line]
        self.assertEqual(
            said[-2:],
            [
                "login failed: 10.0.2.2:50412 as alice",
                "login refused: 10.0.2.2:50412 as alice: too many failures of this name in this "
                "network, for 64 s; netlab accounts forget 10.0.2.2 ends the delay",
            ],
        )

    def test_a_name_without_an_account_is_not_logged(self) -> None:
        self.service = self.make_service(is_open=False)
        for _ in range(7):
            self.clock.advance(64)
            self.talk_from("10.0.2.2", "a secret", "wrong")
        self.talk_from("10.0.2.2", "a secret", "wrong")
        said = [line for line in self.recorder.messages if "login" in line]
        self.assertEqual(
            said[-2:],
            [
                "login failed: 10.0.2.2:50412",
                "login refused: 10.0.2.2:50412: too many failures of this name in this network, "
                "for 64 s; netlab accounts forget 10.0.2.2 ends the delay",
            ],
        )
        self.assertNotIn("a secret", str(list(self.recorder)))

    def test_commands_of_a_peer_that_left_are_not_executed(self) -> None:
        script = ["alice", PASSWORD, PASSWORD, *["passwd", *[PASSWORD] * 3] * 100]
        channel = ScriptedChannel(*script)
        self.failureResultOf(Deferred.fromCoroutine(self.service.converse(channel)), PeerGone)
        self.assertGreater(self.hashes.count, 100)
        self.hashes.count = 0
        channel = ScriptedChannel("bob", *script[1:])
        self.patch(ScriptedChannel, "is_gone", property(lambda self: "Hello, bob" in self.said))
        self.successResultOf(Deferred.fromCoroutine(self.service.converse(channel)))
        self.assertEqual(self.hashes.count, 1)

    def guess_everywhere(self) -> None:
        for number in range(100):
            self.talk_from(f"10.0.0.{number}", "alice", "wrong")

    def test_the_owner_can_log_in_where_it_registered(self) -> None:
        self.talk_from("10.0.1.1", "alice", PASSWORD, PASSWORD)
        self.guess_everywhere()
        self.assertIn("Hello, alice", self.talk_from("10.0.1.1", "alice", PASSWORD))
        [_, _, refusal, _] = self.talk_from("10.0.1.2", "alice", PASSWORD)
        self.assertIn("error: too many wrong passwords for this name", refusal)

    def test_a_former_token_lets_the_owner_log_in(self) -> None:
        said = self.talk_from("10.0.1.1", "alice", PASSWORD, PASSWORD)
        token = said[4].split()[1]
        self.guess_everywhere()
        self.clock.advance(3600)
        self.assertIn("Hello, alice", self.talk_from("10.0.1.2", token, "alice", PASSWORD))

    def test_a_password_can_be_changed_while_others_guess(self) -> None:
        token = self.register()
        self.guess_everywhere()
        said = self.talk_from("10.0.1.2", token, "passwd", PASSWORD, *["another password"] * 2)
        self.assertEqual(said[-1], "Password changed. All other sessions are ended.")


class NewNamesTests(AuthenticationTestCase):
    def old(self, name: str) -> None:
        hashed = CHEAP.hash(PASSWORD)
        self.storage.database.run(lambda queries: register(queries, name, hashed, 1.0))

    def refused(self, name: str) -> str:
        channel = ScriptedChannel(name, PASSWORD, PASSWORD)
        failure = self.failureResultOf(
            Deferred.fromCoroutine(self.service.converse(channel)), Refused
        )
        self.assertEqual(channel.said, ["Name or token?"])
        self.assertEqual(self.hashes.count, 0)
        return str(failure.value)

    def test_a_lookalike_name_cannot_be_registered(self) -> None:
        self.old("alice")
        self.assertEqual(
            self.refused("аlice"), "that name looks like one that is taken; choose another"
        )

    def test_an_invisible_name_cannot_be_registered(self) -> None:
        self.assertIn("invisible", self.refused("ali\ufe0fce"))
        self.assertIn("marks", self.refused("ali\u0301\u0301\u0301ce"))

    def test_a_name_taken_meanwhile_cannot_be_registered(self) -> None:
        channel = LiveChannel(1)
        Deferred.fromCoroutine(self.service.converse(channel))
        channel.hears("аlice")
        channel.hears(PASSWORD)
        self.old("alice")
        channel.hears(PASSWORD)
        self.assertEqual(channel.said[-2], "error: that name has just been taken")

    def test_an_account_with_a_now_refused_name_can_log_in(self) -> None:
        for name in ("ali\ufe0fce", "\u0301", "\U0001d159"):
            self.old(name)
            for is_open in (True, False):
                self.service = self.make_service(is_open)
                self.assertEqual(self.talk(name, PASSWORD)[1:3], ["Password?", f"Hello, {name}"])

    def test_closed_registration_hides_that_a_name_is_refused(self) -> None:
        self.old("alice")
        self.service = self.make_service(False)
        for name in ("аlice", "ali\ufe0fce", "nobody"):
            self.assertEqual(
                self.talk(name, PASSWORD)[1:3], ["Password?", "Wrong name, password or token."]
            )
            self.storage.database.run(lambda queries: queries.forget_all_failures())


class PlaintextTests(AuthenticationTestCase):
    takes_plaintext = True

    def test_the_option_allows_passwords_in_clear_text(self) -> None:
        channel = ScriptedChannel("alice")
        channel.peer = Peer("10.0.0.1", 1, "10.0.0.1:1", in_clear=True)
        self.failureResultOf(Deferred.fromCoroutine(self.service.converse(channel)), PeerGone)
        self.assertEqual(channel.said[0], "Name or token?")


class AccountShellTests(AuthenticationTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.token = self.register()

    def say(self, *commands: str, token: str = "") -> list[str]:
        """Log in by token, say `commands`, and return the answers after the welcome."""
        return self.talk(token or self.token, *commands)[2:]

    def test_sessions_lists_the_sessions(self) -> None:
        said = self.say("sessions")
        self.assertEqual(len(said), 1)
        self.assertRegex(
            said[0],
            r"^[0-9a-f]{8} since 2023-11-14T22:13:20Z used 2023-11-14T22:13:20Z "
            r"from 127.0.0.1:50412 \(this one\)$",
        )
        self.clock.advance(1)
        self.talk("alice", PASSWORD)
        self.assertEqual(
            [line.endswith("(this one)") for line in self.say("sessions")], [True, False]
        )

    def test_sessions_are_listed_in_pages(self) -> None:
        self.assertEqual(self.say("sessions 2"), ["error: there is 1 page"])
        self.clock.advance(1)
        for _ in range(44):
            self.talk("alice", PASSWORD)
        first = self.say("sessions")
        self.assertEqual(len(first), 21)
        self.assertTrue(first[0].endswith("(this one)"), first[0])
        self.assertEqual(first[-1], "page 1 of 3: sessions 2 lists the next one")
        self.assertEqual(self.say("sessions 1"), first)
        self.assertEqual(len(self.say("sessions 3")), 5)
        for page in ("0", "4", "x", "-1", "1 2", "9" * 5000):
            self.assertEqual(self.say(f"sessions {page}"), ["error: the pages are 1 to 3"])

    def test_the_oldest_of_too_many_sessions_ends_with_the_reason(self) -> None:
        oldest = LiveChannel(2)
        Deferred.fromCoroutine(self.service.converse(oldest))
        oldest.hears(self.token)
        self.clock.advance(1)
        for _ in range(100):
            self.talk("alice", PASSWORD)
        oldest.hears("whoami")
        why = "session has ended: newer ones were opened, and an account has at most 100"
        self.assertEqual(oldest.said[-1], f"error: your {why}; log in again")
        self.assertIn(f"error: that {why}", self.talk(self.token))

    def test_listing_sessions_obeys_back_pressure(self) -> None:
        for _ in range(4):
            self.talk("alice", PASSWORD)
        waits: list[Deferred[None]] = []

        class SlowChannel(ScriptedChannel):
            async def taken(self) -> None:
                waits.append(Deferred())
                await waits[-1]

        channel = SlowChannel(self.token, "sessions")
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        for listed in range(1, 6):
            self.assertEqual((len(waits), len(channel.said)), (listed, 2 + listed))
            waits[-1].callback(None)
        self.failureResultOf(ended, PeerGone)

    def test_a_session_in_use_can_be_revoked(self) -> None:
        other = LiveChannel(2)
        ended = Deferred.fromCoroutine(self.service.converse(other))
        other.hears("alice")
        other.hears(PASSWORD)
        [other_id] = [line.split()[0] for line in self.say("sessions") if "this" not in line]
        self.assertEqual(self.say(f"revoke {other_id}"), ["Revoked."])
        other.hears("whoami")
        self.successResultOf(ended)
        self.assertEqual(other.said[-1], "error: your session has ended; log in again")

    def test_an_account_can_revoke_only_its_own_sessions(self) -> None:
        bobs = self.register("bob")
        [line] = self.say("sessions", token=bobs)
        for command in (f"revoke {line.split()[0]}", "revoke x", "revoke"):
            [said] = self.say(command)
            self.assertTrue(said.startswith("error: "), said)
        self.assertEqual(self.say("whoami", token=bobs), ["bob"])

    def test_passwd_changes_the_password(self) -> None:
        said = self.talk("alice", PASSWORD)
        other = said[3].split()[1]
        self.assertEqual(
            self.say("passwd", PASSWORD, "another password", "another password", "whoami"),
            [
                "Password?",
                "New password:",
                "Repeat the password:",
                "Password changed. All other sessions are ended.",
                "alice",
            ],
        )
        self.assertEqual(self.talk(other)[1], "Wrong name, password or token.")
        self.clock.advance(1)
        self.assertIn("Hello, alice", self.talk("alice", "another password"))

    def test_passwd_needs_the_old_password(self) -> None:
        said = self.say("passwd", "not my password", "whoami")
        self.assertEqual(said, ["Password?", "Wrong name, password or token.", "alice"])

    def test_passwd_refuses_an_unsuitable_password(self) -> None:
        said = self.say("passwd", PASSWORD, "1", "2", "3", "whoami")
        self.assertEqual(said[-2:], ["error: a password has at least 8 characters", "alice"])

    def test_an_ended_session_cannot_change_the_password(self) -> None:
        thief = LiveChannel(2)
        ended = Deferred.fromCoroutine(self.service.converse(thief))
        for text in ("alice", PASSWORD, "passwd", PASSWORD):
            thief.hears(text)
        self.say("passwd", PASSWORD, "another password", "another password")
        for text in ("the password of a thief", "the password of a thief"):
            thief.hears(text)
        self.assertEqual(thief.said[-1], "error: your session has ended; log in again")
        self.successResultOf(ended)
        self.assertIn("Hello, alice", self.talk("alice", "another password"))

    def test_a_session_of_a_forgotten_account_cannot_change_it(self) -> None:
        channel = LiveChannel(2)
        Deferred.fromCoroutine(self.service.converse(channel))
        for text in ("alice", PASSWORD, "passwd", PASSWORD):
            channel.hears(text)
        self.storage.database.run(lambda queries: queries.forget_account("alice"))
        self.register()
        for text in ("another password", "another password"):
            channel.hears(text)
        self.assertIn("your session has ended", channel.said[-1])
        self.assertIn("Hello, alice", self.talk("alice", PASSWORD))

    def test_passwd_allows_three_tries_of_the_old_password(self) -> None:
        channel = LiveChannel(2)
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        channel.hears(self.token)
        for seconds in (0, 1, 2):
            self.assertNoResult(ended)
            for text in ("passwd", "wrong"):
                channel.hears(text)
            self.clock.advance(seconds)
        self.successResultOf(ended)

    def test_logout_ends_the_token_and_exit_does_not(self) -> None:
        self.assertEqual(self.say("exit", "whoami"), [])
        self.assertEqual(self.say("logout", "whoami"), ["Goodbye, alice"])
        self.assertEqual(self.talk(self.token)[1], "Wrong name, password or token.")

    def test_help_lists_the_commands(self) -> None:
        listed = {line.split()[0].rstrip(":") for line in self.say("help")}
        self.assertEqual(
            listed, {"whoami", "sessions", "revoke", "passwd", "logout", "exit", "help"}
        )

    def test_an_unknown_command_is_reported(self) -> None:
        self.assertEqual(
            self.say("sudo", "hepl", "whoami"),
            [
                "error: unknown command; help lists them",
                "error: unknown command; did you mean help? help lists them",
                "alice",
            ],
        )

    def test_an_idle_session_ends_while_connected(self) -> None:
        channel = LiveChannel(2)
        ended = Deferred.fromCoroutine(self.service.converse(channel))
        channel.hears(self.token)
        self.clock.advance(30 * 60 - 1)
        channel.hears("whoami")
        self.assertEqual(channel.said[-1], "alice")
        self.clock.advance(30 * 60)
        channel.hears("whoami")
        self.successResultOf(ended)
        self.assertIn("your session has ended", channel.said[-1])


class OptionsTests(SynchronousTestCase):
    def test_the_plugins_make_services(self) -> None:
        for module in (auth, ident):
            options = module.Options()
            options.parseOptions(["--port", "0", "--database", "x.sqlite3"])
            self.assertFalse(module.makeService(options).running)

    def test_hash_parameters_have_a_minimum(self) -> None:
        for name, floor in (("memory", 19), ("passes", 2), ("lanes", 1)):
            for value, is_good in ((floor, True), (floor - 1, False)):
                options = auth.Options()
                arguments = [f"--argon2-{name}", str(value)]
                if is_good:
                    options.parseOptions(arguments)
                    self.assertEqual(options[f"argon2-{name}"], value)
                else:
                    self.assertRaises(SystemExit, options.parseOptions, arguments)


class EventTests(SynchronousTestCase):
    def test_logins_are_logged(self) -> None:
        events, recorder = recorded_events()
        assert isinstance(recorder, Recorder)
        events.logged_in("127.0.0.1:1", "alice", "token")
        events.unable("127.0.0.1:1", "cannot store the data now", "disk\nfull")
        self.assertEqual(
            recorder.messages,
            [
                "logged in: 127.0.0.1:1 as alice, by token",
                "could not serve 127.0.0.1:1: cannot store the data now: disk\\nfull",
            ],
        )
