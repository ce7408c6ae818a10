"""Certificates of servers."""

import datetime
import os
import re
import stat
import time
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from tests.doubles.certificates import self_signed
from tests.doubles.options import SampleOptions, parse
from tests.doubles.reactor import FakeReactor
from tests.doubles.recording import recorded_events
from twisted_lab.disconnects import tls_text
from twisted_lab.ports.certificate import Certificate, make_own
from twisted_lab.process.listeners import shared_certificate
from twisted_lab.resources import NotReady
from twisted_lab.serving import ServiceProcess


def pem(key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


class OwnCertificateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp()).absolute()
        self.events, self.recorder = recorded_events()

    def own(self) -> Certificate:
        return Certificate(str(self.path), str(self.path), True, self.events)

    def test_the_certificate_is_created_once(self) -> None:
        self.own().open()
        made = self.path.read_bytes()
        self.own().open()
        self.assertEqual(self.path.read_bytes(), made)
        first, second = self.recorder.messages
        self.assertEqual(first, second)
        self.assertRegex(first, r"SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$")

    def test_only_the_owner_can_read_the_file(self) -> None:
        self.own().open()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_the_certificate_names_the_host(self) -> None:
        make_own(self.path)
        certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertIn("localhost", names.get_values_for_type(x509.DNSName))
        years = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        self.assertGreater(years, datetime.timedelta(days=3600))

    def test_a_failed_write_leaves_no_file(self) -> None:
        self.path.parent.mkdir(exist_ok=True, parents=True)
        before = set(self.path.parent.iterdir())
        with patch("os.fdopen", side_effect=OSError(28, "No space left on device", "x")):
            self.assertRaises(NotReady, self.own().open)
        self.assertEqual(set(self.path.parent.iterdir()), before)

    def test_a_missing_directory_is_an_error(self) -> None:
        error = self.assertRaises(
            NotReady,
            Certificate(
                "/proc/nonexistent/x.pem", "/proc/nonexistent/x.pem", True, self.events
            ).open,
        )
        self.assertIn(
            "cannot make the certificate /proc/nonexistent/x.pem: No such file", str(error)
        )


class CertificateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.path.touch(0o600)
        self.path.write_bytes(self_signed(days=99))
        self.events, self.recorder = recorded_events()
        self.certificate = self.read()

    def read(self, key: Path | None = None) -> Certificate:
        return Certificate(str(self.path), str(key or self.path), False, self.events)

    def refusal(self, key: Path | None = None) -> str:
        error = self.assertRaises(NotReady, self.read(key).open)
        self.assertNotIn("\n", str(error))
        return str(error)

    def agree(self, newest: int) -> str:
        """Send a ClientHello of at most this version; return the server's answer."""
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_max_proto_version(newest)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        client = SSL.Connection(context, None)
        client.set_connect_state()
        self.assertRaises(SSL.WantReadError, client.do_handshake)
        server = self.certificate.serverConnectionForTLS(None)
        server.set_accept_state()
        server.bio_write(client.bio_read(65536))
        try:
            server.do_handshake()
        except SSL.WantReadError:
            return "go on"
        except SSL.Error as error:
            return tls_text(error)
        return ""

    def test_tls_1_2_is_the_oldest_version(self) -> None:
        self.certificate.open()
        self.assertEqual(self.agree(SSL.TLS1_1_VERSION), "unsupported protocol")
        self.assertEqual(self.agree(SSL.TLS1_2_VERSION), "go on")
        self.assertEqual(self.agree(SSL.TLS1_3_VERSION), "go on")

    def test_the_key_may_be_in_another_file(self) -> None:
        text = self.path.read_text()
        key = Path(self.mktemp())
        key.write_text(text)
        self.path.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
        self.read(key).open()
        self.assertIn(f"cannot use the key {self.path.absolute()}: it has no", self.refusal())

    def test_unusable_files_are_refused(self) -> None:
        self.assertIn("No such file", self.refusal(Path("nonexistent.key")))
        other = Path(self.mktemp())
        other.write_bytes(self_signed())
        problem = f"cannot use the key {other.absolute()}: the key is not that of the certificate"
        self.assertEqual(self.refusal(other), problem)
        locked = serialization.load_pem_private_key(self.path.read_bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
        other.write_bytes(locked)
        self.assertIn("its key has a password", self.refusal(other))
        for made in (ed25519.Ed25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()):
            other.write_bytes(pem(made))
            self.assertIn("the key is not that of the certificate", self.refusal(other))
        with patch(
            "cryptography.hazmat.primitives.serialization.load_pem_private_key",
            side_effect=UnsupportedAlgorithm("that curve is not supported"),
        ):
            self.assertIn(f"{other}: that curve is not supported", self.refusal(other))
        for text in ("", "no certificate"):
            self.path.write_text(text)
            self.assertTrue(self.refusal().endswith(f"{self.path}: it has no certificate in PEM"))
        other.write_text("no key")
        self.path.write_bytes(self_signed())
        self.assertTrue(
            self.refusal(other).endswith(
                f"{other}: it has no private key in PEM; --key names its file"
            )
        )
        text = self.path.read_text()
        self.path.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
        self.assertIn("it has no private key in PEM", self.refusal())

    def test_an_end_within_two_weeks_is_a_warning_at_start_and_reload(self) -> None:
        said = []
        for days in (-1.5, 13.5, 14.5):
            self.path.write_bytes(self_signed(days=days))
            self.certificate.open()
            self.certificate.reload()
            said.append([text for text in self.recorder.messages if "expire" in text])
            self.recorder.clear()
        self.assertEqual([len(each) for each in said], [2, 2, 0])
        self.assertRegex(
            said[0][0],
            r"^the certificate .* expired on ....-..-.., and clients refuse it: renew it$",
        )
        self.assertRegex(said[1][0], r"expires on ....-..-..: renew it$")

    def test_a_beginning_in_the_future_is_a_warning(self) -> None:
        ten_days = 10 * 86_400.0
        path = str(self.path)
        Certificate(path, path, False, self.events, lambda: time.time() - ten_days).open()
        self.assertRegex(
            self.recorder.messages[1],
            r"^the certificate .* is valid from ....-..-.. on, and clients refuse it until then$",
        )

    def test_a_key_that_all_users_can_read_is_a_warning(self) -> None:
        self.path.write_bytes(self_signed(days=99))
        for mode, names in ((0o604, ["certificate", "key readable"]), (0o640, ["certificate"])):
            self.path.chmod(mode)
            self.certificate.open()
            self.assertEqual(self.recorder.names, names)
            self.recorder.clear()

    def test_a_renewed_certificate_is_loaded(self) -> None:
        self.certificate.open()
        self.path.write_bytes(self_signed(days=99))
        self.certificate.reload()
        before, after = (re.search("SHA-256 (.*)", text) for text in self.recorder.messages)
        assert before
        assert after
        self.assertNotEqual(before[1], after[1])

    def test_an_unusable_renewal_keeps_the_old_certificate(self) -> None:
        self.certificate.open()
        context = self.certificate.serverConnectionForTLS(None).get_context()
        self.path.write_text("half a certifi")
        self.certificate.reload()
        self.assertEqual(self.recorder.names, ["certificate", "certificate kept"])
        self.assertIs(self.certificate.serverConnectionForTLS(None).get_context(), context)

    def test_an_expired_renewal_keeps_a_valid_certificate(self) -> None:
        self.certificate.open()
        until = self.certificate.until
        self.path.write_bytes(self_signed(days=-1.5))
        self.certificate.reload()
        self.assertEqual(self.recorder.names, ["certificate", "certificate kept"])
        self.assertRegex(
            self.recorder.messages[-1],
            r"stays in use: cannot use the certificate .*: it expired on ....-..-..$",
        )
        self.assertEqual(self.certificate.until, until)

    def test_reading_a_fifo_does_not_block(self) -> None:
        self.certificate.open()
        self.path.unlink()
        os.mkfifo(self.path)
        self.certificate.reload()
        self.assertEqual(self.recorder.names, ["certificate", "certificate kept"])
        self.assertIn("it is not a file", self.recorder.messages[-1])

    def test_services_share_the_certificate(self) -> None:
        process = ServiceProcess(parse(), FakeReactor())
        options = [SampleOptions() for _ in range(3)]
        for each, path in zip(options, ("x", "x", "y"), strict=True):
            each.parseOptions(["--tls", "--certificate", path])
        first, same, other = (shared_certificate(process, each) for each in options)
        self.assertIs(first, same)
        self.assertIsNot(first, other)
        self.assertEqual(process.resources, [first, other])
        self.assertEqual(process.reloads, [first.reload, other.reload])
