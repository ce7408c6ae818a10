"""TLS to a server, verified by an authority or by trust on first use."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import extract_patterns
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from twisted.internet import defer
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    TLSVersion,
    platformTrust,
    trustRootFromCertificates,
)
from zope.interface import implementer

from twisted_lab.client.known_hosts import CannotVerify, KnownHosts
from twisted_lab.disconnects import tls_text
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _
from twisted_lab.text.system_errors import reason_of

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
LEAST_VERSION = TLSVersion.TLSv1_2
# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_OUT_OF_TIME = (9, 10)


@implementer(IOpenSSLClientConnectionCreator)
class Verifier(ABC):
    """Creates OpenSSL connections to a server, and verifies the server's identity.

    Twisted's own verification accepts a certificate whose names cannot be parsed: it logs the
    exception, and relies on OpenSSL, which does not compare names.

    Args:
        host: The server's name or IP address.
        options: The TLS versions and, if they matter, the trusted authorities.

    Attributes:
        problem: The reason why the server is not trusted; empty if it is trusted.

    Raises:
        CannotVerify: The host name is invalid.
    """

    def __init__(self, host: str, options: CertificateOptions) -> None:
        self.problem = ""
        try:
            self._identity = _identity(host)
        except ValueError as error:  # such as idna's errors
            raise CannotVerify(
                _("{host} cannot be a host name: {error}", host=host, error=error)
            ) from None
        self._options = options

    def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
        """See `twisted.internet.interfaces.IOpenSSLClientConnectionCreator`."""
        context = self._options.getContext()
        context.set_verify(SSL.VERIFY_PEER, self._verify)
        connection = SSL.Connection(context, None)
        if isinstance(self._identity, DNS_ID):
            connection.set_tlsext_host_name(self._identity.hostname)
        return connection

    def _verify(self, _c: object, shown: crypto.X509, error: int, depth: int, is_good: int) -> bool:
        try:
            self.problem = self._compare(shown, error, depth, bool(is_good))
        except CannotVerify as trouble:
            self.problem = str(trouble)
        except Exception as trouble:
            # OpenSSL accepts some certificates that other parsers reject.
            self.problem = _(
                "its certificate cannot be read: {reason}", reason=escape(str(trouble))
            )
        return not self.problem

    @abstractmethod
    def _compare(self, shown: crypto.X509, error: int, depth: int, is_good: bool) -> str:
        """Return the reason why the server is not trusted; "" if it is trusted.

        Args:
            shown: The server's certificate, or another one of its chain.
            error: The code of the error that OpenSSL has found in the certificate.
            depth: The number of certificates in the chain below this one.
            is_good: Whether OpenSSL has found no error.
        """

    @abstractmethod
    def agreed(self) -> None:
        """Handle the end of the handshake, which proves that the server has its certificate's key.

        Raises:
            CannotVerify: The client must not use the connection nevertheless.
        """


def _identity(host: str) -> DNS_ID | IPAddress_ID:
    try:
        # Certificates contain no scope, which has a meaning on this machine only.
        return IPAddress_ID(host.partition("%")[0])
    except ValueError:
        return DNS_ID(host)


class ByAuthorities(Verifier):
    """Trusts a server if an authority has certified its name (RFC 9525)."""

    def _compare(self, shown: crypto.X509, error: int, depth: int, is_good: bool) -> str:
        if error in _OUT_OF_TIME:
            return _(
                "its certificate has expired, or is not valid yet; if the clock of this machine is "
                "right, the server needs a new one"
            )
        if not is_good:
            return _(
                "no trusted authority has signed its certificate; name its authority with "
                "--ca FILE, or use --first-use"
            )
        if not depth:
            try:
                patterns = extract_patterns(shown.to_cryptography())
                verify_service_identity(patterns, [self._identity], [])
            except VerificationError:
                return _(
                    "its certificate has another name; connect by that name, or use --first-use"
                )
            except CertificateError:
                return _(
                    "its certificate has no host name that can be compared (subjectAltName); "
                    "use --first-use"
                )
        return ""

    def agreed(self) -> None:
        """See `Verifier.agreed`; there is nothing left to do."""


def by_authorities(host: str, file: Path | None) -> ByAuthorities:
    """Create the verifier of a server.

    Args:
        host: The server's name or IP address.
        file: The certificates of authorities, in PEM; None for those that this machine trusts.

    Raises:
        CannotVerify: The file cannot be used, or the host name is invalid.
    """
    trust = platformTrust() if file is None else trustRootFromCertificates(_read(file))
    return ByAuthorities(host, CertificateOptions(trustRoot=trust, raiseMinimumTo=LEAST_VERSION))


def _read(file: Path) -> list[Certificate]:
    try:
        found = [Certificate.loadPEM(text) for text in _CERTIFICATE.findall(file.read_bytes())]
    except OSError as error:
        raise CannotVerify(
            _("cannot read {file}: {reason}", file=file, reason=reason_of(error))
        ) from None
    except crypto.Error as error:
        raise CannotVerify(
            _("cannot use {file}: {reason}", file=file, reason=tls_text(error))
        ) from None
    if not found:
        raise CannotVerify(_("there is no certificate in {file}", file=file))
    return found


class FirstUse(Verifier):
    """Trusts the certificate that a server shows on first use, and no other from then on.

    The certificate's issuer and validity period do not matter.

    Args:
        host: The server's name or IP address.
        server: The server's name in `known`.
        known: The known certificates.
        tell: Shows a line to the user.
    """

    def __init__(
        self, host: str, server: str, known: KnownHosts, tell: Callable[[str], object]
    ) -> None:
        super().__init__(host, CertificateOptions(raiseMinimumTo=LEAST_VERSION))
        self._server = server
        self._known = known
        self._tell = tell
        self._shown = ""

    def _compare(self, shown: crypto.X509, error: int, depth: int, is_good: bool) -> str:
        if depth:
            return ""
        self._shown = shown.digest("sha256").decode()
        known = self._known.find(self._server)
        if known not in (None, self._shown):
            return _(
                "{server} shows another certificate than before: SHA-256 {shown}, not "
                "{known}; it was renewed, or an attacker intercepts the connection. Compare "
                "it with the one that the server logs at its start; if they are the same, "
                "remove the line of {server} from {path}",
                server=self._server,
                shown=self._shown,
                known=known,
                path=self._known.path,
            )
        return ""

    def agreed(self) -> None:
        """See `Verifier.agreed`; this stores the certificate if none is known yet."""
        if self._known.find(self._server) is None:
            self._known.keep(self._server, self._shown)
            self._tell(
                _(
                    "kept the certificate of {server} in {path}: {shown}",
                    server=self._server,
                    path=self._known.path,
                    shown=self._shown,
                )
            )


def advice(error: BaseException, server: str, problem: str) -> str:
    """Return one line that says why TLS failed, and what to try.

    Args:
        error: The error of the handshake or the verification.
        server: The server's address.
        problem: The reason why the server is not trusted; empty if it is trusted.
    """
    if problem:
        return _("not connected to {server}: {reason}", server=server, reason=problem)
    if isinstance(error, SSL.Error):
        why = _("TLS failed ({error})", error=tls_text(error))
    elif isinstance(error, defer.TimeoutError):
        why = _("no answer")
    elif isinstance(error, ConnectionClosed):
        why = _("the server closed the connection during the TLS handshake")
    else:
        return _("not connected to {server}: {reason}", server=server, reason=error)
    return _(
        "not connected to {server}: {reason}; if the server does not use TLS, leave out --tls",
        server=server,
        reason=why,
    )
