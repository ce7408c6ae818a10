"""The mailbox of mail_server.py: what POP3 and IMAP4 ask for, answered from a list in memory."""

from collections.abc import Iterable
from email import message_from_bytes
from email.utils import formatdate
from io import BytesIO
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, succeed
from twisted.mail import imap4, pop3
from zope.interface import implementer


@implementer(imap4.IMessage, imap4.IMessageFile)
class Message:
    r"""A message: its text, with CRLF after each line, and what IMAP4 keeps about it.

    Attributes:
        number: Its place in the mailbox, from 1.
        flags: Its marks, such as ``\Seen``, which all clients of the mailbox share.
    """

    def __init__(self, text: bytes, number: int) -> None:
        self.text = text
        self.number = number
        self.flags: set[str] = set()
        self._arrived = formatdate()

    def open(self) -> BytesIO:
        return BytesIO(self.text)

    def getHeaders(self, negate: bool, *names: bytes) -> dict[str, str]:
        wanted = {name.decode().lower() for name in names}
        return {
            name: str(value).encode("ascii", "replace").decode()  # Twisted sends only ASCII here
            for name, value in message_from_bytes(self.text).items()
            if (name.lower() in wanted) != negate
        }

    def getBodyFile(self) -> BytesIO:
        return BytesIO(self.text.partition(b"\r\n\r\n")[2])

    def getSize(self) -> int:
        return len(self.text)

    def getUID(self) -> int:
        return self.number

    def getFlags(self) -> Iterable[str]:
        return sorted(self.flags)

    def getInternalDate(self) -> str:
        return self._arrived

    def isMultipart(self) -> bool:
        return False

    def getSubPart(self, part: int) -> None:
        raise TypeError("the parts of a message are not told apart here")


@implementer(pop3.IMailbox, imap4.IMailbox)
class Inbox(pop3.Mailbox):
    """All messages. None is ever deleted, so a message keeps its number."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def add(self, text: bytes) -> None:
        """Store a new message."""
        self.messages.append(Message(text, len(self.messages) + 1))

    # The view of POP3. Twisted counts from 0, the protocol from 1.

    def listMessages(self, i: int | None = None) -> Any:
        if i is None:
            return [message.getSize() for message in self.messages]
        return self._message(i).getSize()

    def getMessage(self, i: int) -> Any:
        lines = self._message(i).text.replace(b"\r\n", b"\n")
        return BytesIO(lines)  # Twisted sends each LF as CRLF here

    def getUidl(self, i: int) -> bytes:
        return b"%d" % self._message(i).number

    def _message(self, i: int) -> Message:
        if not 0 <= i < len(self.messages):
            raise ValueError(i)
        return self.messages[i]

    # The view of IMAP4.

    def fetch(self, messages: imap4.MessageSet, uid: bool) -> list[tuple[int, Message]]:
        messages.last = len(self.messages)  # so that 1:* has an end
        return [(m.number, m) for m in self.messages if m.number in messages]

    def store(
        self, messages: imap4.MessageSet, flags: Iterable[str], mode: int, uid: bool
    ) -> dict[int, Iterable[str]]:
        changed = dict(self.fetch(messages, uid))
        for message in changed.values():
            if mode == 0:  # not +FLAGS, and not -FLAGS
                message.flags.clear()
            change = set.difference_update if mode < 0 else set.update
            change(message.flags, flags)
        return {number: message.getFlags() for number, message in changed.items()}

    def getMessageCount(self) -> int:
        return len(self.messages)

    def getUnseenCount(self) -> int:
        return sum("\\Seen" not in message.flags for message in self.messages)

    def getRecentCount(self) -> int:
        return 0

    def getUIDNext(self) -> int:
        return len(self.messages) + 1

    def getUIDValidity(self) -> int:
        return 1

    def getUID(self, message: int) -> int:
        return message

    def getFlags(self) -> list[str]:
        return ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted"]

    def getHierarchicalDelimiter(self) -> str:
        return "/"

    def isWriteable(self) -> bool:
        return True

    def requestStatus(self, names: Iterable[str]) -> Any:
        return imap4.statusRequestHelper(self, names)

    def addListener(self, listener: object) -> None:
        pass

    def removeListener(self, listener: object) -> None:
        pass

    def addMessage(
        self, message: BinaryIO, flags: Iterable[str] = (), date: object = None
    ) -> Deferred[int]:
        self.add(message.read())
        self.messages[-1].flags.update(flags)
        return succeed(len(self.messages))

    def expunge(self) -> list[int]:
        return []

    def destroy(self) -> None:
        raise imap4.ReadOnlyMailbox("the mailbox cannot be deleted")
