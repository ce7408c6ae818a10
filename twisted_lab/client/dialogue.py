"""What the client knows of a service's conversation, beside passing on what is said."""

from __future__ import annotations

from typing import Protocol

from twisted_lab.client.tokens import Tokens


class Dialogue(Protocol):
    """Listens to a conversation.

    Attributes:
        listens: Whether it cares for what the server says.
        hidden: Whether what is typed now is a secret.
        over: Whether the server may close now, because all is said.
        succeeded: Whether what the conversation is for has come about.
    """

    listens: bool
    hidden: bool
    over: bool
    succeeded: bool

    @property
    def answers_first(self) -> bool:
        """Tell whether the next question is answered without the person."""
        ...

    def heard(self, line: str) -> tuple[str, str | None]:
        """Take a line that the server has said.

        Returns:
            What to show to a person, and what to answer at once; None to leave it to the person.
        """
        ...


class AnyTalk:
    """A conversation of which nothing is known."""

    listens = False
    hidden = False
    over = False
    succeeded = True
    answers_first = False

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`."""
        return line, None


class Introduction:
    """netlab-ident: the server greets, and closes."""

    listens = True
    hidden = False
    answers_first = False

    def __init__(self) -> None:
        self.over = self.succeeded = False

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`."""
        if line.startswith("Hello, "):
            self.over = self.succeeded = True
        return line, None


class Login:
    """netlab-auth: passwords are not shown, and tokens are kept for the next time.

    Args:
        tokens: Where tokens are kept; None to keep none.
        server: Under which name.
    """

    listens = True

    def __init__(self, tokens: Tokens | None, server: str) -> None:
        self.hidden = self.over = self.succeeded = False
        self._tokens = tokens
        self._server = server
        self._token = tokens.find(server) if tokens else None
        self._tried = False

    @property
    def answers_first(self) -> bool:
        """See `Dialogue`."""
        return self._token is not None and not self._tried

    def heard(self, line: str) -> tuple[str, str | None]:
        """See `Dialogue`."""
        self.hidden = line.endswith(("Password?", "password:"))
        if line == "Name or token?" and self.answers_first:
            self._tried = True
            return f"{line} (the one kept from last time)", self._token
        if line.startswith(("Hello, ", "Welcome back, ")):
            self.succeeded = True
        elif line.startswith("Goodbye, "):
            self.over = True
            self._forget()
        elif line.startswith("Wrong ") and self._tried and not self.succeeded:
            self._forget()
        elif line.startswith("Token: ") and self._tokens:
            return self._keep(line, self._tokens), None
        return line, None

    def _keep(self, line: str, tokens: Tokens) -> str:
        token, _, until = line.removeprefix("Token: ").partition("  valid until ")
        tokens.keep(self._server, token)
        return f"Token kept in {tokens.path}, valid until {until}"

    def _forget(self) -> None:
        if self._tokens:
            self._tokens.forget(self._server)
