"""TLS to a server: who it is, is known from an authority, or from the first time."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto
from platformdirs import user_state_path
from service_identity import VerificationError
from twisted.internet.defer import TimeoutError  # noqa: A004
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    TLSVersion,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from zope.interface import implementer

from twisted_lab.peers import tls_text
from twisted_lab.private_file import write_private
from twisted_lab.serving.certificate import fingerprint

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")
_OPTIONS = {"raiseMinimumTo": TLSVersion.TLSv1_2}


class CannotVerify(Exception):
    """What the server's certificate is to be compared with cannot be had; the text says why."""


def default_path() -> Path:
    """Return where this platform keeps such files."""
    return user_state_path("twisted_lab") / "known_hosts"


class KnownHosts:
    """The certificates that servers have shown at the first time, one a line.

    Args:
        path: The file; it is made when there is something to keep.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, server: str) -> str | None:
        """Return the fingerprint of the server's certificate, if it is known.

        Raises:
            CannotVerify: The file cannot be read, or says nothing that can be compared.
        """
        for line in self._lines():
            known, _, fingerprint = line.partition(" ")
            if known == server:
                if not _FINGERPRINT.fullmatch(fingerprint):
                    raise CannotVerify(f"{self.path} has no fingerprint for {server}: {line!r}")
                return fingerprint
        return None

    def keep(self, server: str, fingerprint: str) -> None:
        """Keep what a server has shown at the first time.

        Raises:
            CannotVerify: The file cannot be written.
        """
        text = "\n".join([*self._lines(), f"{server} {fingerprint}", ""])
        try:
            write_private(self.path, text.encode())
        except OSError as error:
            raise CannotVerify(f"cannot keep it in {self.path}: {error.strerror}") from None

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text().splitlines()
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise CannotVerify(f"cannot read {self.path}: {why}") from None


def by_authorities(host: str, file: Path | None) -> Any:
    """Make what verifies that the server is `host`.

    Args:
        host: Its name or IP address.
        file: The certificates of authorities, in PEM; None for those that this machine trusts.

    Raises:
        CannotVerify: The file cannot be used, or no certificate can have such a name.
    """
    trust = None if file is None else _authorities(file)
    try:
        return optionsForClientTLS(host, trustRoot=trust, extraCertificateOptions=_OPTIONS)
    except UnicodeError as error:  # idna's are
        raise CannotVerify(f"{host} cannot be the name of a host: {error}") from None


def _authorities(file: Path) -> Any:
    try:
        found = [Certificate.loadPEM(text) for text in _CERTIFICATE.findall(file.read_bytes())]
    except OSError as error:
        raise CannotVerify(f"cannot read {file}: {error.strerror}") from None
    except crypto.Error as error:
        raise CannotVerify(f"cannot use {file}: {tls_text(error)}") from None
    if not found:
        raise CannotVerify(f"there is no certificate in {file}")
    return trustRootFromCertificates(found)


@implementer(IOpenSSLClientConnectionCreator)
class FirstUse:
    """Trusts the certificate that a server shows at the first time, and no other from then on.

    Args:
        host: The server's name or IP address.
        server: The name under which its certificate is known.
        known: The certificates that are known.
        tell: Shows a line to the person.

    Attributes:
        problem: Why the server is not trusted; empty if it is.
    """

    def __init__(
        self, host: str, server: str, known: KnownHosts, tell: Callable[[str], object]
    ) -> None:
        self.problem = ""
        self._trusted: str | None = None
        self._host = host
        self._server = server
        self._known = known
        self._tell = tell

    def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
        """See `twisted.internet.interfaces.IOpenSSLClientConnectionCreator`."""
        context = CertificateOptions(raiseMinimumTo=TLSVersion.TLSv1_2).getContext()
        context.set_verify(SSL.VERIFY_PEER, self._verify)
        connection = SSL.Connection(context, None)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection

    def _verify(self, _: object, shown: Any, error: int, depth: int, is_good: int) -> bool:
        if depth:
            return True  # Who has signed it, and when, does not matter.
        try:
            self.problem = self._compare(fingerprint(shown.to_cryptography()))
        except CannotVerify as trouble:
            self.problem = str(trouble)
        return not self.problem

    def _compare(self, shown: str) -> str:
        # OpenSSL asks again for each thing that it finds wrong with it.
        known = self._trusted or self._known.find(self._server)
        if known is None:
            self._known.keep(self._server, shown)
            self._trusted = shown
            self._tell(f"kept the certificate of {self._server} in {self._known.path}: {shown}")
        elif known != shown:
            return (
                f"{self._server} shows another certificate than before: SHA-256 {shown}, not "
                f"{known}; it was renewed, or somebody is in between. Compare it with what the "
                f"server says at its start; if it is right, remove the line of {self._server} "
                f"from {self._known.path}"
            )
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def advice(error: BaseException, server: str, creator: Any) -> str:
    """Say in one line why there is no TLS, and what to try."""
    problem = getattr(creator, "problem", "")
    if problem:
        return f"not connected to {server}: {problem}"
    if isinstance(error, VerificationError):
        why = "its certificate is for another name; connect by that name, or use --first-use"
    elif isinstance(error, SSL.Error) and "certificate verify failed" in tls_text(error):
        why = (
            "no authority that is trusted here vouches for its certificate, or it has expired; "
            "name its authority with --ca FILE, or use --first-use"
        )
    elif isinstance(error, SSL.Error):
        why = f"no TLS 1.2 or newer ({tls_text(error)}); if it does not speak TLS, leave out --tls"
    elif isinstance(error, TimeoutError):
        why = "no answer; if it does not speak TLS, leave out --tls"
    elif isinstance(error, ConnectionClosed):
        why = "it hung up before TLS was agreed on; if it does not speak TLS, leave out --tls"
    else:
        why = str(error)
    return f"not connected to {server}: {why}"
