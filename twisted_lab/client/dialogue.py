"""The client's knowledge of a service's conversation, beyond passing messages on."""

from __future__ import annotations

from typing import Protocol

from twisted_lab.client.tokens import Tokens
from twisted_lab.text.dialogue_messages import (
    ASK_NAME,
    GOODBYE,
    HELLO,
    WELCOME_BACK,
    WRONG,
)
from twisted_lab.text.token_form import TOLD_TOKEN

# The answer to such a question is hidden, whichever server asks it.
PASSWORD_ENDS = ("password?", "password:")


class Dialogue(Protocol):
    """Listens to a conversation.

    Attributes:
        listens: Whether it uses the server's messages.
        has_secrets: Whether some of the input is secret.
        hidden: Whether the current input is a secret.
        over: Whether the server may close now, because the conversation is complete.
        succeeded: Whether the conversation has reached its purpose.
        refused: Whether an answer that was given without the person was wrong.
        says_exit: Whether the client sends ``exit`` before it shuts down its sending side.
    """

    listens: bool
    says_exit: bool
    has_secrets: bool
    hidden: bool
    over: bool
    succeeded: bool
    refused: bool

    @property
    def holds_input(self) -> bool:
        """Tell whether input has to wait for an answer that is given without it."""
        ...

    def typed(self, text: str) -> None:
        """Take the person's input."""
        ...

    def heard(self, line: str) -> tuple[str, str | None]:
        """Take a line that the server has said.

        Returns:
            What to show to a person, and what to answer at once; None to leave it to the person.
        """
        ...


class AnyTalk:
    """A conversation of which nothing else is known.

    Args:
        says_exit: See `Dialogue`.
    """

    listens = False
    has_secrets = False
    hidden = False
    over = False
    succeeded = True
    refused = False
    holds_input = False

    def __init__(self, says_exit: bool = False) -> None:
        self.says_exit = says_exit

    def typed(self, text: str) -> None:
        """See `Dialogue`."""

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`."""
        return line, None


class Introduction:
    """netlab-ident: the server greets, and closes."""

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
        if line.startswith(HELLO):
            self.over = self.succeeded = True
        return line, None


class Login:
    """netlab-auth: passwords are not shown, and tokens are kept for the next time.

    Args:
        tokens: Where tokens are kept; None to keep none.
        server: Under which name.
    """

    listens = True
    says_exit = False
    has_secrets = True

    def __init__(self, tokens: Tokens | None, server: str) -> None:
        self.hidden = self.over = self.succeeded = self.refused = False
        self._tokens = tokens
        self._server = server
        self._token = tokens.find(server) if tokens else None
        self._tried = False
        self._is_asked = self._is_ahead = False

    @property
    def holds_input(self) -> bool:
        """See `Dialogue`."""
        return self._token is not None and not (self.succeeded or self.refused)

    def typed(self, text: str) -> None:
        """See `Dialogue`: a password may follow before the server has asked for it."""
        self._is_ahead = not self._is_asked
        self.hidden = not self.succeeded or text.strip() == "passwd"

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`.

        Where the server does not end its messages, several may come as one line.
        """
        asks_name = line.endswith(ASK_NAME)
        # The first question may come after its answer.
        self.hidden = line.casefold().endswith(PASSWORD_ENDS) or (asks_name and self._is_ahead)
        if asks_name:
            self._is_asked, self._is_ahead = True, False
        if HELLO in line or WELCOME_BACK in line:
            self.succeeded = True
        if line.startswith(GOODBYE):
            self.over = True
            self._forget()
        if WRONG in line and self._tried and not (self.succeeded or self.refused):
            self.refused = True
            self._forget()
            line += " (The stored token is no longer valid.)"
        said = TOLD_TOKEN.search(line)
        if said and self._tokens and self._tokens.keep(self._server, said[1]):
            line = TOLD_TOKEN.sub(f"Token stored in {self._tokens.path}, valid until ", line)
        if asks_name and self._tried and not self.succeeded:
            self.refused = True
        if asks_name and self._token is not None and not self._tried:
            self._tried = True
            return f"{line} (the stored token)", self._token
        return line, None

    def _forget(self) -> None:
        if self._tokens:
            self._tokens.forget(self._server)
