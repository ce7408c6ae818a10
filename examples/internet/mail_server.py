"""A mail server with Twisted: SMTP takes messages in, POP3 and IMAP4 give them out.

There is one mailbox, anna@example.com. Its user is anna, its password secret. It is in memory, so
its messages are gone when the server ends. Their number has no limit, so the server accepts
connections from this machine only.
"""

from inbox import Inbox
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.mail import imap4, pop3, smtp
from zope.interface import implementer

LOGIN = (b"anna", b"secret")
inbox = Inbox()


@implementer(smtp.IMessage)
class Incoming:
    """A message on its way in. SMTP has already taken the added dots away."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self.lines.append(line)

    def eomReceived(self) -> Deferred[None]:
        inbox.add(b"".join(line + b"\r\n" for line in self.lines))
        return succeed(None)  # from now on the client may forget the message

    def connectionLost(self) -> None:
        pass


class Smtp(smtp.ESMTP):
    """A client that brings messages. As between two mail servers, it needs no password."""

    def __init__(self) -> None:
        super().__init__()
        self.host = "localhost"  # the name in its greeting

    def receivedHeader(
        self, helo: tuple[bytes | None, bytes], origin: smtp.Address, recipients: list[smtp.User]
    ) -> bytes:
        name, _ = helo
        return b"Received: from %b; %b" % (name or b"unknown", smtp.rfc822date())

    def lookupMethod(self, command: bytes) -> object:
        # Twisted fails at a command that is not ASCII, such as QUIT on a Russian keyboard.
        return super().lookupMethod(command) if command.isascii() else None

    def validateFrom(self, helo: tuple[bytes, bytes], origin: smtp.Address) -> smtp.Address:
        return origin

    def validateTo(self, user: smtp.User) -> type[Incoming]:
        if str(user) != "anna@example.com":
            raise smtp.SMTPBadRcpt(user)
        return Incoming


class Pop3(pop3.POP3):
    """A client that fetches messages."""

    def authenticateUserPASS(self, user: bytes, password: bytes) -> tuple[object, ...]:
        if (user, password) != LOGIN:
            raise UnauthorizedLogin
        return pop3.IMailbox, inbox, lambda: None

    def processCommand(self, command: bytes, *arguments: bytes) -> object:
        try:
            return super().processCommand(command, *arguments)
        except (AttributeError, TypeError, ValueError, pop3.POP3Error):
            # Twisted would print a traceback, and for some of them close the connection.
            self.failResponse(b"not possible")
            return None


class Imap4(imap4.IMAP4Server):
    """A client that works in the mailbox, which stays on the server."""

    def authenticateLogin(self, user: bytes, passwd: bytes) -> tuple[object, ...]:
        if (user, passwd) != LOGIN:
            raise UnauthorizedLogin
        account = imap4.MemoryAccount("anna")
        account.addMailbox("INBOX", inbox)
        return imap4.IAccount, account, lambda: None

    def lookupCommand(self, cmd: bytes) -> object:
        return super().lookupCommand(cmd) if cmd.isascii() else None


PORTS: dict[int, type[Protocol]] = {2525: Smtp, 1110: Pop3, 1143: Imap4}

if __name__ == "__main__":
    try:
        for port, protocol in PORTS.items():
            factory = ServerFactory()
            factory.protocol = protocol
            reactor.listenTCP(port, factory, interface="127.0.0.1")
            print(f"{protocol.__name__.upper()} listening on 127.0.0.1:{port}")
    except CannotListenError as error:
        raise SystemExit(str(error)) from None
    reactor.run()
