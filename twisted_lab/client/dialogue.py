"""Client's behaviour in the conversation of a particular service: answers, secrets, success."""

from __future__ import annotations

from typing import Protocol

from twisted_lab.client.login_lines import LOGIN
from twisted_lab.client.tokens import Tokens
from twisted_lab.text.dialogue_messages import (
    ASK_NAME,
    GOODBYE,
    HELLO,
    WELCOME_BACK,
    WRONG,
    AskPassword,
)
from twisted_lab.text.language import _
from twisted_lab.text.token_form import TOLD_TOKEN

# Answers to questions with these endings are hidden, whichever server asks.
PASSWORD_ENDS = ("password?", "password:", "пароль?", "пароль:")


def asks_password(line: str) -> bool:
    """Tell whether a line of a server ends with a question for a password."""
    return line.casefold().rstrip().endswith(PASSWORD_ENDS)


class Dialogue(Protocol):
    """Follows the conversation with a service, and may answer questions itself.

    Attributes:
        listens: Whether it uses the server's messages.
        has_secrets: Whether some of the input is secret.
        hidden: Whether the current input is secret.
        over: Whether the server may close now, because the conversation is complete.
        succeeded: Whether the conversation has achieved its purpose.
        refused: Whether the server has refused an automatic answer.
        says_exit: Whether the client sends ``exit`` before it half-closes.
        needs_text: Whether an empty line is no answer to the last question.
    """

    needs_text: bool
    listens: bool
    says_exit: bool
    has_secrets: bool
    hidden: bool
    over: bool
    succeeded: bool
    refused: bool

    @property
    def holds_input(self) -> bool:
        """Tell whether the input has to wait for an automatic answer."""
        ...

    def typed(self, text: str) -> None:
        """Note input of the user."""
        ...

    def heard(self, line: str) -> tuple[str, str | None]:
        """Note a line from the server.

        Returns:
            The text to show to the user, and the automatic answer; None to let the user answer.
        """
        ...


class AnyTalk:
    """A conversation of which the client knows no details.

    Args:
        says_exit: See `Dialogue`.
        has_members: Whether other users' lines are heard: they must not hide what this user types.
    """

    needs_text = False
    listens = False
    has_secrets = False
    over = False
    succeeded = True
    refused = False
    holds_input = False

    def __init__(self, says_exit: bool = False, has_members: bool = False) -> None:
        self.says_exit = says_exit
        self.hidden = False
        self._has_members = has_members

    def typed(self, text: str) -> None:
        """See `Dialogue`."""
        self.hidden = False

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`."""
        self.hidden = asks_password(line) and not self._has_members
        return line, None


class Introduction:
    """The conversation of netlab-ident: the server greets the client, and closes."""

    needs_text = False
    listens = True
    says_exit = False
    has_secrets = False
    hidden = False
    refused = False
    holds_input = False

    def __init__(self) -> None:
        self.over = self.succeeded = False

    def typed(self, text: str) -> None:
        """See `Dialogue`."""

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`."""
        if self.succeeded:
            return line, None  # what the service says after the greeting
        self.over = self.succeeded = line.startswith(HELLO)
        return LOGIN.translated(line), None


class Login:
    """The conversation of netlab-auth; it hides passwords, and stores tokens for the next login.

    Args:
        tokens: The stored tokens; None to neither use nor store any.
        server: The server's name in `tokens`.
    """

    listens = True
    says_exit = False
    has_secrets = True

    def __init__(self, tokens: Tokens | None, server: str) -> None:
        self.hidden = self.over = self.succeeded = self.refused = False
        self.needs_text = False
        self._tokens = tokens
        self._server = server
        self._token = tokens.find(server) if tokens else None
        self._tried = False
        self._is_asked = self._is_ahead = False
        self._asked_password = self._hides_name = False

    @property
    def holds_input(self) -> bool:
        """See `Dialogue`."""
        return self._token is not None and not (self.succeeded or self.refused)

    def typed(self, text: str) -> None:
        """See `Dialogue`: a password may follow before the server has asked for it."""
        self._is_ahead = not self._is_asked
        self.needs_text = False
        self.hidden = self.hidden or not self.succeeded or text.strip() == "passwd"

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`.

        If the server sends no line ends, several messages may arrive as one line.
        """
        shown = LOGIN.translated(line)
        asks_name = line.endswith(ASK_NAME)
        is_problem = WRONG in line or line.startswith("error: ")
        # After a refused password, people type it again, even if the server asks for the name.
        again = self._asked_password and (asks_name or is_problem)
        if again and asks_name:
            shown += " " + _("(your name first; it is not shown, as it may be a password)")
        elif again and self.succeeded:
            shown += " " + _("(passwd asks again; the next line is not shown)")
        elif self._hides_name and line.endswith(AskPassword.FIRST):
            shown += " " + _("(the name is your last line; if that was a password, type exit)")
        if asks_name or asks_password(line):
            self._hides_name = again and asks_name
        if HELLO in line or WELCOME_BACK in line:
            self.succeeded = True
        # Until the login succeeds, another line may come before the answer.
        self._asked_password &= not self.succeeded
        self._asked_password |= again or asks_password(line)
        # The first question may arrive after its answer was typed.
        self.hidden = self._asked_password or (asks_name and self._is_ahead)
        if asks_name:
            self._is_asked, self._is_ahead = True, False
            self.needs_text = not self.holds_input or self._tried
        if line.startswith(GOODBYE):
            self.over = True
            self._forget()
        if WRONG in line and self._tried and not (self.succeeded or self.refused):
            self.refused = True
            self._forget()
            shown += " " + _("(The stored token is no longer valid.)")
        said = TOLD_TOKEN.search(line)
        if said and self._tokens and self._tokens.keep(self._server, said[1]):
            kept = _("Token stored in {path}, valid until ", path=self._tokens.path)
            shown = TOLD_TOKEN.sub(lambda _: kept, line)
        if asks_name and self._tried and not self.succeeded:
            self.refused = True
        if asks_name and self._token is not None and not self._tried:
            self._tried = True
            return shown + " " + _("(the stored token)"), self._token
        return shown, None

    def _forget(self) -> None:
        if self._tokens:
            self._tokens.forget(self._server)
