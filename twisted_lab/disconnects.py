"""Reasons why connections end, and their texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from twisted_lab.text.escaping import escape
from twisted_lab.text.language import N_, Message


class Disconnect(Enum):
    """All reasons why a connection ends or is refused; ``docs/protocols.md`` has the same table.

    Attributes:
        template: The text of the reason; `reason` fills in its fields.
        kind: The label under which ``netlab_errors_total`` counts it; "" if it is not an error.
    """

    CLOSED_BY_CLIENT = N_("closed by the client")
    CLOSED_BY_SERVER = N_("closed by the server")
    CUT_OFF_BY_CLIENT = N_("cut off by the client")
    CUT_OFF_BY_SERVER = N_("cut off by the server")
    RESET = N_("connection reset")
    RESET_OVER_TLS = N_("connection reset, or closed without TLS's close_notify")
    TLS_FAILED = "TLS failed: {error}"
    FAILED = "{error}"
    REPLACED = N_("replaced by another peer at its address")
    SILENT = N_("silent"), "silent"
    NOTHING_HEARD = N_("nothing heard for {seconds:g} s"), "silent"
    NOTHING_TAKEN = N_("no output read for {seconds:g} s"), "silent"
    NO_MESSAGE = "{problem}", "message"
    NO_HEADER = N_("no valid PROXY header: {problem}"), "proxy"
    NO_HEADER_IN_TIME = N_("no PROXY header within {seconds:g} s"), "proxy"
    NO_TLS_IN_TIME = N_("no TLS within {seconds:g} s"), "tls"
    REFUSED = "{refusal}", "refused"
    NOT_NOW = N_("the server accepts no new connections at the moment"), "refused"
    TOO_MANY = N_("too many connections: {most} are served at once; try again later"), "refused"
    TOO_MANY_OF_PEER = N_("too many connections from your address: {most} are served"), "refused"
    TOO_FAST = N_("too many new connections from your address: {most} a second"), "refused"

    DISABLED = N_("the proxy {proxy} is disabled"), "refused"
    ENDED_BY_TOXIC = N_("ended by the toxic {toxic}")
    CUT_OFF_BY_PROXY = N_("cut off by the proxy")
    NO_UPSTREAM = N_("no connection to {upstream}: {why}"), "upstream"

    def __init__(self, template: str, kind: str = "") -> None:
        self.template = template
        self.kind = kind

    def reason(self, **values: object) -> Reason:
        """Return this reason with its fields filled in."""
        return Reason(self, Message(self.template, **values))


@dataclass(frozen=True)
class Reason:
    """A reason with its fields filled in.

    Attributes:
        why: The reason itself.
        text: The text for logs and for the peer, which people may see in their language.
    """

    why: Disconnect
    text: str

    def __str__(self) -> str:
        return self.text


def tls_text(error: BaseException) -> str:
    """Return the text of an OpenSSL error, which is a list of (library, function, reason)."""
    if error.args and isinstance(error.args[0], list):
        return escape(", ".join(str(entry[-1]) for entry in error.args[0]))
    return escape(str(error)) or type(error).__name__


def end_reason(failure: Failure, by_client: bool) -> Reason:
    """Return why a connection ended.

    Args:
        failure: The reason that Twisted gave to ``connectionLost``.
        by_client: If the connection was closed or aborted: whether the client did that.
    """
    error = failure.value
    if isinstance(error, ConnectionAborted):
        cut_off = Disconnect.CUT_OFF_BY_CLIENT if by_client else Disconnect.CUT_OFF_BY_SERVER
        return cut_off.reason()
    if isinstance(error, ConnectionDone):
        closed = Disconnect.CLOSED_BY_CLIENT if by_client else Disconnect.CLOSED_BY_SERVER
        return closed.reason()
    if isinstance(error, ConnectionLost):
        return Disconnect.RESET.reason()
    if error is not None and type(error).__module__.startswith("OpenSSL"):
        return Disconnect.TLS_FAILED.reason(error=tls_text(error))
    return Disconnect.FAILED.reason(error=escape(failure.getErrorMessage() or type(error).__name__))
