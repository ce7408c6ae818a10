"""TLS certificate of a server: given by its operator, or self-signed."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion
from zope.interface import implementer

from twisted_lab.disconnects import tls_text
from twisted_lab.eventlog.events import ServiceEvents
from twisted_lab.resources import NotReady
from twisted_lab.text.language import N_, Message, message_of
from twisted_lab.text.private_files import write_private
from twisted_lab.text.system_errors import reason_of

# Validity of a self-signed certificate; afterwards users who trust on first use must confirm again.
YEARS = 10
NO_CERTIFICATE = N_("it has no certificate in PEM")
NO_KEY = N_("it has no private key in PEM; --key names its file")
# Parts of "cannot use ...":
_CERTIFICATE = N_("the certificate {path}: {reason}")
_KEY = N_("the key {path}: {reason}")
DAY = 86_400.0  # seconds
WARNING_DAYS = 14  # before the end


class _Unusable(Exception):
    """A certificate or key file cannot be used; the text says which one, and why."""


@contextmanager
def _naming(what: str, path: Path, missing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _Unusable(Message(what, path=path, reason=reason_of(error))) from None
    except TypeError as error:
        why = N_("its key has a password") if "Password" in str(error) else message_of(error)
        raise _Unusable(Message(what, path=path, reason=why)) from None
    except (ValueError, UnsupportedAlgorithm, SSL.Error) as error:
        # The library's own text names a page about Python, not about the file.
        why = Message(missing if "PEM" in str(error) else tls_text(error))
        raise _Unusable(Message(what, path=path, reason=why)) from None


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """A certificate and its key, read from files, for TLS connections.

    Args:
        path: The file with the certificate and its chain, in PEM.
        key_path: The file with the private key, in PEM; it may be the same file.
        is_own: Whether to create a self-signed certificate if there is no file.
        events: The reporter of the fingerprint and of errors.
        now: Returns the time, in seconds of Unix time.

    Attributes:
        files: The absolute paths of both files.
        until: The end of its validity, in seconds of Unix time.
    """

    def __init__(
        self,
        path: str,
        key_path: str,
        is_own: bool,
        events: ServiceEvents,
        now: Callable[[], float] = time.time,
    ) -> None:
        # Absolute, because a daemon may change its directory.
        self.files = (Path(path).absolute(), Path(key_path).absolute())
        self._path, self._key_path = self.files
        self._is_own = is_own
        self._events = events
        self._now = now
        self._context: SSL.Context | None = None
        self.until = 0.0

    def open(self) -> None:
        """Read the files, or create them.

        Raises:
            NotReady: The certificate cannot be read, created or used.
        """
        try:
            if self._is_own and not self._path.exists():
                make_own(self._path)
        except OSError as error:
            raise NotReady(
                N_(
                    "cannot make the certificate {path}: {reason}",
                    path=self._path,
                    reason=reason_of(error),
                )
            ) from None
        try:
            self._read()
        except _Unusable as error:
            raise NotReady(N_("cannot use {reason}", reason=message_of(error))) from None

    def reload(self) -> None:
        """Read the files again, for later connections; if that fails, keep the old certificate."""
        try:
            for path in self.files:
                # Opening a FIFO would block until its other end is opened.
                if path.exists() and not path.is_file():
                    raise _Unusable(N_("{path}: it is not a file", path=path))
            self._read()
        except _Unusable as error:
            self._events.certificate_kept(message_of(error))

    async def close(self) -> None:
        """See `Resource`: there is nothing to do."""

    def discard(self) -> None:
        """See `Resource`: there is nothing to do."""

    def _read(self) -> None:
        with _naming(_CERTIFICATE, self._path, NO_CERTIFICATE):
            certificate, *chain = x509.load_pem_x509_certificates(self._path.read_bytes())
            public = certificate.public_key()
        with _naming(_KEY, self._key_path, NO_KEY):
            key = serialization.load_pem_private_key(self._key_path.read_bytes(), None)
            if key.public_key() != public:
                raise ValueError(N_("the key is not that of the certificate"))
            is_open = self._key_path.stat().st_mode & stat.S_IROTH
        with _naming(_CERTIFICATE, self._path, NO_CERTIFICATE):
            context = CertificateOptions(raiseMinimumTo=TLSVersion.TLSv1_2).getContext()
            context.use_certificate(certificate)
            for each in chain:
                context.add_extra_chain_cert(each)
            context.use_privatekey(key)  # type: ignore[arg-type]  # other kinds are refused
            until = certificate.not_valid_after_utc
            # At a start there is no better one.
            if until.timestamp() <= self._now() < self.until:
                raise _Unusable(
                    N_(
                        "the certificate {path}: it expired on {until}",
                        path=self._path,
                        until=until.date(),
                    )
                )
        self._context = context
        self.until = until.timestamp()
        self._events.certificate(str(self._path), fingerprint(certificate), f"{until:%Y-%m-%d}")
        since, now = certificate.not_valid_before_utc, self._now()
        if now < since.timestamp():
            self._events.certificate_begins(str(self._path), f"{since:%Y-%m-%d}")
        days = (self.until - now) / DAY
        if days < WARNING_DAYS:
            self._events.certificate_ends(str(self._path), f"{until:%Y-%m-%d}", days)
        if is_open:
            self._events.key_readable(str(self._key_path))

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:
        """See `twisted.internet.interfaces.IOpenSSLServerConnectionCreator`."""
        assert self._context is not None
        return SSL.Connection(self._context, None)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint, as ``AB:CD:...``."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def make_own(path: Path) -> None:
    """Create a key and a self-signed certificate in one file that only its owner can read.

    Raises:
        OSError: The file cannot be written.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    host = socket.gethostname()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName(each) for each in dict.fromkeys((host, "localhost"))
    ]
    names += [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The clocks of some clients are behind.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(path, private + certificate.public_bytes(serialization.Encoding.PEM))
