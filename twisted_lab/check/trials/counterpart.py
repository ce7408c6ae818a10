"""The server that a client talks to while it is checked."""

from __future__ import annotations

from twisted_lab.check.subjects.listener import Listener
from twisted_lab.check.subjects.program import Program
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

MOST_GREETINGS = 5


class Counterpart:
    """A server that echoes when it is told to, with upper and lower case exchanged.

    So replies differ from what was typed, and are as long as what the client sent, which suits
    clients that read as many bytes as they sent.

    Args:
        trial: Notes what is said.
        program: The client.
        listener: The server's socket.
        greeting: What it says to a client that waits for the server.

    Attributes:
        listener: The server's socket.
        last_reply: What it replied last.
        said: The number of bytes that it has said since it last received something.
        has_closed: Whether it has closed its connections.
    """

    def __init__(self, trial: Trial, program: Program, listener: Listener, greeting: bytes) -> None:
        self.listener = listener
        self.last_reply = b""
        self.said = 0
        self.has_closed = False
        self._trial = trial
        self._program = program
        self._greeting = greeting
        self._greetings = 0
        self._answered = 0  # bytes received to which it has replied

    @property
    def has_greeted(self) -> bool:
        """Whether it had to speak first."""
        return self._greetings > 0

    @property
    def unanswered(self) -> bytes:
        """What it has received and not replied to."""
        return self.listener.received()[self._answered :]

    @property
    def is_left(self) -> bool:
        """Whether the client has closed all its connections."""
        peers = self.listener.peers
        return bool(peers) and not self.has_closed and all(peer.has_ended for peer in peers)

    def is_reached(self) -> bool:
        """Return whether the client has connected."""
        return bool(self.listener.peers)

    def say(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.said = len(data) + (0 if self.unanswered else self.said)
        self._answered = len(self.listener.received())
        self._trial.sent(_("client"), _("server"), False, data)
        self._program.poked()
        self.listener.peers[-1].write(data)

    def echo(self) -> None:
        """Reply to what it has received."""
        self.last_reply = self.unanswered.swapcase()
        self.say(self.last_reply)

    def speak(self) -> bool:
        """Echo or, if there is nothing to echo, greet; return whether it can."""
        if self.unanswered:
            self.echo()
            return True
        if not self.listener.peers or self._greetings >= MOST_GREETINGS:
            return False
        self._greetings += 1
        self._trial.step(_("the server greets it, because it waits for the server"))
        self.say(self._greeting)
        return True

    def close_left(self) -> bool:
        """Close connections whose client has ended its direction; return whether there are any."""
        left = [peer for peer in self.listener.peers if peer.has_ended and peer.port]
        if left:
            self._program.poked()
        for peer in left:
            peer.close()
        return bool(left)

    def finish(self) -> None:
        """Send FIN on all connections, and go on receiving."""
        self._trial.draw(_("client"), _("server"), False, "FIN")
        self._program.poked()
        for peer in self.listener.peers:
            peer.finish()

    def close(self) -> None:
        """Close all connections."""
        self.has_closed = True
        self._trial.draw(_("client"), _("server"), False, _("(closes the connection)"))
        self._program.poked()
        for peer in self.listener.peers:
            peer.close()
