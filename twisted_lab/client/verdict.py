"""Exit status and final message of a conversation."""

from __future__ import annotations

from twisted_lab.client.connection import ClientConnection
from twisted_lab.client.dialogue import Dialogue
from twisted_lab.client.ending import Ended
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.silence import SILENT, TRY_TLS, may_be_tls
from twisted_lab.text.language import _


def verdict(
    options: ClientOptions,
    connection: ClientConnection,
    dialogue: Dialogue,
    hung_up: str,
    interactive: bool,
) -> Ended:
    """Return the exit status and final message of a conversation that no signal has ended.

    Args:
        options: The options.
        connection: The connection, which has ended.
        dialogue: The conversation.
        hung_up: How the connection ended early; empty if it did not.
        interactive: Whether a user has seen the refusals; a script relies on the exit status.
    """
    peer, tls, is_greeted = connection.peer, options.tls, options.is_greeted
    if hung_up and (connection.is_silent or (dialogue.succeeded and not dialogue.over)):
        is_plain = not tls and may_be_tls(connection, is_greeted, hung_up)
        what = (
            _(TRY_TLS)
            if is_plain
            else _("try again; the log of the server, or of a proxy before it, says why")
        )
        return Ended(
            _("{peer} hung up early: {how}; {advice}", peer=peer, how=hung_up, advice=what)
        )
    if options.answers and may_be_tls(connection, is_greeted):
        is_told = tls or connection.was_hinted
        return Ended(_("the server did not answer") if is_told else f"{peer}: {_(SILENT)}")
    framing = connection.framing
    if not dialogue.succeeded:
        # On a terminal the conversation goes on after the refusal, and ends for another reason.
        if dialogue.refused and not interactive:
            return Ended(
                _("the stored token was refused: see the server's reply, and run the client again")
            )
        if framing.refused and not connection.ends_with_error:
            return Ended()  # The client has reported the refused lines.
        if connection.ends_with_question and not hung_up:
            return Ended(_("you left before the server let you in"))
        return Ended(_("not let in: see the server's last line"))
    says_error = is_greeted and connection.ends_with_error
    is_refused = framing.refused or framing.is_foreign or says_error
    return Ended(status=1 if is_refused and not interactive else 0)
