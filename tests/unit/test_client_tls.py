"""Verification of servers by the client."""

import io
import ipaddress
import os
import stat
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from unittest.mock import Mock

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.error import ConnectionDone
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.certificates import self_signed
from twisted_lab.client.known_hosts import CannotVerify, KnownHosts, default_path
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.tls import FirstUse, advice, by_authorities
from twisted_lab.ports.certificate import fingerprint
from twisted_lab.text.private_files import read_private, write_private

ONE, OTHER = ":".join(["AB"] * 32), ":".join(["CD"] * 32)


class KnownHostsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "known"
        self.known = KnownHosts(self.path)

    def refusal(self, server: str = "a:1") -> str:
        return str(self.assertRaises(CannotVerify, self.known.find, server))

    def test_stored_fingerprints_are_found(self) -> None:
        self.assertIsNone(self.known.find("a:1"))
        self.known.keep("a:1", ONE)
        self.known.keep("[::1]:1", OTHER)
        self.assertEqual((self.known.find("a:1"), self.known.find("[::1]:1")), (ONE, OTHER))
        self.assertIsNone(self.known.find("a:11"))

    def test_only_the_owner_can_read_the_file(self) -> None:
        self.known.keep("a:1", ONE)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(len(list(self.path.parent.iterdir())), 1)

    def test_lines_from_other_writers_are_kept(self) -> None:
        self.known.keep("a:1", ONE)
        self.path.write_text(f"typed:1 {ONE}")  # without a newline at the end
        self.known.keep("b:1", OTHER)
        KnownHosts(self.path).keep("c:1", ONE)
        found = [self.known.find(f"{name}:1") for name in ("typed", "b", "c")]
        self.assertEqual(found, [ONE, OTHER, ONE])

    def test_a_device_is_refused(self) -> None:
        self.known.path = Path("/dev/zero")
        self.assertEqual(self.refusal(), "cannot read /dev/zero: it is not a regular file")
        self.assertRaises(CannotVerify, self.known.keep, "a:1", ONE)

    def test_a_damaged_file_is_an_error(self) -> None:
        self.path.parent.mkdir()
        self.path.write_text(f"a:1 {ONE[:-1]}\n")
        self.assertIn("has no fingerprint for a:1", self.refusal())
        self.path.write_bytes(b"\xff")
        self.assertIn("it is no text", self.refusal())
        self.path.unlink()
        self.path.mkdir()
        self.assertIn("Is a directory", self.refusal())

    def test_an_unwritable_file_is_an_error(self) -> None:
        self.known.path = Path("/proc/nothing/known")
        self.assertRaises(CannotVerify, self.known.keep, "a:1", ONE)

    def test_a_partial_write_is_an_error(self) -> None:
        self.patch(os, "write", lambda descriptor, data: len(data) - 1)
        error = self.assertRaises(CannotVerify, self.known.keep, "a:1", ONE)
        self.assertIn("No space left on device", str(error))


class PrivateFileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_a_symbolic_link_stays_a_link(self) -> None:
        self.path.write_bytes(b"old")
        link = Path(self.mktemp())
        link.symlink_to(self.path.absolute())
        write_private(link, b"new")
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.path.read_bytes(), b"new")

    def test_a_fifo_is_neither_read_nor_replaced(self) -> None:
        os.mkfifo(self.path)
        self.assertRaises(OSError, read_private, self.path)
        self.assertRaises(OSError, write_private, self.path, b"new")
        self.assertTrue(self.path.is_fifo())

    def test_at_most_one_mebibyte_is_read(self) -> None:
        self.path.write_bytes(bytes(2**20))
        self.assertEqual(len(read_private(self.path)), 2**20)
        self.path.write_bytes(bytes(2**20 + 1))
        self.assertRaises(OSError, read_private, self.path)


class FirstUseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.known = KnownHosts(Path(self.mktemp()))
        self.told: list[str] = []
        self.shown = [self.certificate(), self.certificate()]

    def certificate(self) -> X509:
        return X509.from_cryptography(x509.load_pem_x509_certificate(self_signed()))

    def verify(self, shown: X509, depth: int = 0) -> FirstUse:
        first_use = FirstUse("localhost", "localhost:1", self.known, self.told.append)
        is_good = first_use._verify(None, shown, 18, depth, 0)
        self.assertEqual(is_good, not first_use.problem)
        return first_use

    def test_the_first_certificate_is_stored_and_accepted_again(self) -> None:
        for _ in range(3):
            first_use = self.verify(self.shown[0])
            self.assertEqual(first_use.problem, "")
            first_use.agreed()
        self.assertEqual(len(self.told), 1)
        self.assertIn("kept the certificate of localhost:1 in", self.told[0])
        kept = self.shown[0].to_cryptography()
        self.assertEqual(self.known.find("localhost:1"), fingerprint(kept))

    def test_a_certificate_is_not_stored_before_the_handshake_ends(self) -> None:
        self.assertEqual(self.verify(self.shown[0]).problem, "")
        self.assertIsNone(self.known.find("localhost:1"))
        self.assertEqual(self.verify(self.shown[1]).problem, "")

    def test_another_certificate_is_refused(self) -> None:
        self.verify(self.shown[0]).agreed()
        problem = self.verify(self.shown[1]).problem
        self.assertIn("localhost:1 shows another certificate than before: SHA-256 ", problem)
        self.assertIn(f"remove the line of localhost:1 from {self.known.path}", problem)
        self.assertEqual(problem.count("\n"), 0)

    def test_a_certificate_that_cannot_be_stored_is_not_trusted(self) -> None:
        self.known.path = Path("/proc/nothing/known")
        error = self.assertRaises(CannotVerify, self.verify(self.shown[0]).agreed)
        self.assertIn("cannot keep it in /proc/nothing/known", str(error))

    def test_an_unreadable_file_refuses_every_server(self) -> None:
        self.known.path.mkdir()
        self.assertIn("Is a directory", self.verify(self.shown[0]).problem)

    def test_the_issuer_does_not_matter(self) -> None:
        self.assertEqual(self.verify(self.shown[0], depth=1).problem, "")

    def test_sni_contains_names_but_not_addresses(self) -> None:
        for host, name in (("localhost", b"localhost"), ("127.0.0.1", None), ("::1", None)):
            connection = FirstUse(host, "x", self.known, print).clientConnectionForTLS(None)
            self.assertEqual(connection.get_servername(), name)


class AuthoritiesTests(SynchronousTestCase):
    def test_unusable_files_are_refused(self) -> None:
        path = Path(self.mktemp())
        for text, why in (
            (None, "No such file or directory"),
            ("nothing", "there is no certificate in"),
            ("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", "cannot use"),
        ):
            if text is not None:
                path.write_text(text)
            self.assertIn(why, str(self.assertRaises(CannotVerify, by_authorities, "a", path)))

    def test_impossible_host_names_are_refused(self) -> None:
        for host in ("exämple..", "a b"):
            refusal = str(self.assertRaises(CannotVerify, by_authorities, host, None))
            self.assertTrue(refusal.startswith(f"{host} cannot be a host name: "), refusal)
            self.assertNotIn("\n", refusal)

    def problem(self, names: Sequence[x509.GeneralName], host: str = "localhost") -> str:
        path = Path(self.mktemp())
        path.write_bytes(self_signed())
        shown = X509.from_cryptography(x509.load_pem_x509_certificate(self_signed(names)))
        verifier = by_authorities(host, path)
        self.assertEqual(verifier._verify(None, shown, 0, 0, 1), not verifier.problem)
        self.assertNotIn("\n", verifier.problem)
        return verifier.problem

    def test_the_certificate_must_name_the_host(self) -> None:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("::1"))]
        self.assertEqual((self.problem(names), self.problem(names, "::1")), ("", ""))
        self.assertEqual(self.problem(names, "LOCALHOST"), "")
        # The interface belongs to this machine, so no certificate names it.
        names.append(x509.IPAddress(ipaddress.ip_address("fe80::1")))
        self.assertEqual(self.problem(names, "fe80::1%eth0"), "")
        for host in ("example.org", "127.0.0.1"):
            self.assertIn("has another name; connect by that name", self.problem(names, host))

    def test_incomparable_names_do_not_match_the_host(self) -> None:
        for names in (
            [],
            [x509.RFC822Name("me@localhost")],
            [x509.DNSName("*.*.localhost"), x509.DNSName("localhost")],
        ):
            self.assertIn("has no host name that can be compared", self.problem(names))

    def test_an_unreadable_certificate_is_refused(self) -> None:
        verifier = by_authorities("localhost", None)
        shown = Mock()
        shown.to_cryptography.side_effect = ValueError("1 is not a valid\nversion")
        self.assertFalse(verifier._verify(None, shown, 0, 0, 1))
        self.assertEqual(
            verifier.problem, r"its certificate cannot be read: 1 is not a valid\nversion"
        )

    def test_errors_found_by_openssl_are_explained(self) -> None:
        shown = Mock()
        for error, text in ((10, "has expired"), (20, "no trusted authority")):
            for depth in (0, 1):
                verifier = by_authorities("localhost", None)
                self.assertFalse(verifier._verify(None, shown, error, depth, 0))
                self.assertIn(text, verifier.problem)


class AdviceTests(SynchronousTestCase):
    def test_each_tls_error_is_one_line_with_advice(self) -> None:
        for error, text in (
            (
                SSL.Error([("SSL routines", "", "wrong version number")]),
                "TLS failed (wrong version number); if the server does not use TLS, leave",
            ),
            (ConnectionDone(), "the server closed the connection during the TLS handshake"),
            (CannotVerify("cannot keep it"), "cannot keep it"),
        ):
            said = advice(error, "a:1", "")
            self.assertTrue(said.startswith("not connected to a:1: "), said)
            self.assertIn(text, said)
            self.assertNotIn("\n", said)


class OptionsTests(SynchronousTestCase):
    def parse(self, *arguments: str) -> ClientOptions:
        options = ClientOptions()
        options.parseOptions(list(arguments))
        options.complete(False)
        return options

    def test_options_select_the_verifier(self) -> None:
        self.assertIsNone(self.parse().make_tls(print))
        first_use = self.parse("--tls", "--first-use", "--host", "a", "--port", "7").make_tls(print)
        assert isinstance(first_use, FirstUse)
        self.assertEqual((first_use._server, first_use._known.path), ("a:7", default_path()))
        other = self.parse("--tls", "--first-use", "--host", "A", "--port", "7").make_tls(print)
        assert isinstance(other, FirstUse)
        self.assertEqual(other._server, "a:7")
        known = self.parse("--tls", "--first-use", "--known-hosts", "x").make_tls(print)
        assert isinstance(known, FirstUse)
        self.assertEqual(known._known.path, Path("x"))
        self.assertNotIsInstance(self.parse("--tls").make_tls(print), FirstUse)

    def test_wrong_usage_gives_one_line(self) -> None:
        for arguments, text in (
            (["--ca", "x"], "--ca needs --tls"),
            (["--first-use"], "--first-use needs --tls"),
            (["--tls", "--known-hosts", "x"], "--known-hosts needs --first-use"),
            (["--tls", "--ca", "x", "--first-use"], "--ca and --first-use exclude each other"),
            (["chat", "--tls"], "chat does not support --tls"),
        ):
            said = io.StringIO()
            with redirect_stderr(said):
                self.assertRaises(SystemExit, self.parse, *arguments)
            self.assertIn(text, said.getvalue())
            self.assertEqual(said.getvalue().count("\n"), 1)
