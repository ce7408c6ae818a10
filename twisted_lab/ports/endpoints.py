"""Descriptions of endpoints to listen on, such as ``tcp:9090``: their check, and their errors."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from twisted.internet.error import CannotListenError
from twisted.python.usage import UsageError

from twisted_lab.disconnects import tls_text
from twisted_lab.ports.addresses import bind_problem
from twisted_lab.text.language import N_, Message, _
from twisted_lab.text.system_errors import reason_of


def endpoint(text: str) -> str:
    """Parse the description of an endpoint; whether it can be opened shows only when it is.

    Raises:
        UsageError: It is not written as an endpoint is.
    """
    # Imported here because it is slow to import, and few servers are given one.
    from twisted.internet.endpoints import serverFromString

    try:
        parsed = serverFromString(None, text)
        number = getattr(parsed, "_port", 0)  # which Twisted checks only when it opens it
        if not 0 <= number <= 65535:
            raise ValueError(N_("a port is a number from 0 to 65535, not {text!r}", text=number))
    except (TypeError, ValueError) as error:
        raise UsageError(_(cannot_listen(text, error, "--listen"))) from None
    except Exception:  # noqa: S110  # of a missing key, or of a socket that systemd has not passed
        pass
    return text


def cannot_listen(description: str, error: Exception, option: str) -> Message:
    """Return why an endpoint cannot be parsed or opened; `option` chooses another one."""
    reason = _reason(description, error, option)
    return N_("cannot listen on {endpoint!r}: {reason}", endpoint=description, reason=reason)


def _reason(description: str, error: Exception, option: str) -> Message:
    if error.args and isinstance(error.args[0], Message):
        return error.args[0]  # a reason of ours
    if isinstance(error, CannotListenError) and isinstance(error.port, int):
        return bind_problem(error.socketError, error.interface, error.port, option)
    why = getattr(error, "socketError", error)
    if isinstance(why, OSError):
        # Twisted locks a unix socket by a file beside it.
        name = os.fsdecode(why.filename2 or why.filename or "").removesuffix(".lock")
        if why.errno == errno.ENOENT and description.startswith("unix:"):
            return N_("there is no folder {folder}", folder=Path(name).parent)
        reason = reason_of(why)
        return Message("{reason}: {file}", reason=reason, file=name) if name else reason
    if type(why).__module__.startswith("OpenSSL"):
        return N_("its key or certificate cannot be used ({reason})", reason=tls_text(why))
    if why == "Cannot acquire lock":  # of a unix socket
        return N_(
            "another server uses it: stop that one, or choose another one with {option}",
            option=option,
        )
    if description.startswith("systemd:") and isinstance(why, LookupError):
        return N_("systemd has passed no such socket")
    problem: object = " ".join(str(why).split())
    if str(problem).startswith("invalid literal for int()"):
        text = str(problem).rpartition(": ")[2]
        problem = N_("a number is expected, not {text}", text=text)
    return N_(
        "{problem}; an endpoint is written like tcp:9090 or unix:/run/echo.sock", problem=problem
    )
