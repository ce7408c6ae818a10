"""Stored certificates of servers, for trust on first use."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from platformdirs import user_state_path

from twisted_lab.client.ending import Ended
from twisted_lab.text.language import N_, Message, _
from twisted_lab.text.private_files import read_private
from twisted_lab.text.system_errors import reason_of

_FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")


class CannotVerify(Ended):
    """The client lacks what it needs to verify the server; the text says why."""


def default_path() -> Path:
    """Return the default path of the file on this platform."""
    return user_state_path("twisted_lab") / "known_hosts"


class KnownHosts:
    """The file of the certificates that servers have shown on first use, one per line.

    Args:
        path: The file; it is created when the first certificate is stored.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, server: str) -> str | None:
        """Return the fingerprint of the server's certificate; None if it is unknown.

        Raises:
            CannotVerify: The file cannot be read, or its entry for the server is malformed.
        """
        for line in self._text().splitlines():
            known, _space, fingerprint = line.partition(" ")
            if known == server:
                if not _FINGERPRINT.fullmatch(fingerprint):
                    raise CannotVerify(
                        _(
                            "{path} has no fingerprint for {server}: {line!r}",
                            path=self.path,
                            server=server,
                            line=line,
                        )
                    )
                return fingerprint
        return None

    def keep(self, server: str, fingerprint: str) -> None:
        """Store the certificate that a server has shown on first use.

        Raises:
            CannotVerify: The file cannot be written.
        """
        # A file that a user has edited may lack its last newline.
        start = "" if self._text()[-1:] in ("", "\n") else "\n"
        line = f"{start}{server} {fingerprint}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Append, so that two clients at the same time do not lose each other's entries.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                if os.write(descriptor, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise CannotVerify(
                _("cannot keep it in {path}: {reason}", path=self.path, reason=reason_of(error))
            ) from None

    def _text(self) -> str:
        try:
            return read_private(self.path).decode()
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            why = reason_of(error) if isinstance(error, OSError) else N_("it is no text")
            raise CannotVerify(
                _("cannot read {file}: {reason}", file=self.path, reason=Message(why))
            ) from None
