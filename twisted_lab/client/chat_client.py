"""Chat client without its input and output, driven by datagrams and one timer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from twisted_lab.channels import cancel
from twisted_lab.client.connection import HungUp
from twisted_lab.client.room_lines import ROOM
from twisted_lab.client.servers import Server, Servers
from twisted_lab.codecs import MAX_MESSAGE, MessageError
from twisted_lab.reliable import ClientEndpoint, NotServed, OtherVersion, Stage
from twisted_lab.rooms import Line, RoomClient
from twisted_lab.text.chat_messages import NICK, leaves
from twisted_lab.text.escaping import escape
from twisted_lab.text.language import _, ngettext

# Timeouts, in seconds: for the first answer, if there is one server; and for any answer after a
# user has left.
FIRST_ANSWER = 15.0
NEXT_FIRST_ANSWER = 3.0  # more for each further server
LAST_ANSWER = 15.0
# A client that leaves waits at most this many seconds for the next confirmation.
LAST_CONFIRMATION = 60.0
# Interval, in seconds, at which the client tries another local port while the server does not
# answer: its address may have changed, or a NAT device may have dropped the mapping.
REOPEN = 10.0
# The client sends a number before each line, which counts towards the limit.
LONGEST_LINE = MAX_MESSAGE - 20


class NoAnswer(Exception):
    """The server does not answer, or no longer answers."""


class NotLetIn(Exception):
    """The server refused to let this client join; the text says why."""


class Wire(Protocol):
    """The path of datagrams to the current server."""

    def write(self, datagram: bytes) -> object:
        """Send a datagram, which may be lost."""
        ...

    def reopen(self) -> object:
        """Replace the local port by another one, for the server that is the current one now."""
        ...


class ChatClient:
    """Keeps its user in a room, across connections.

    Args:
        clock: The clock, for the time and the timer.
        name: The name to join with.
        show: Called with each line to show.
        tell: Called with messages about the connection.
        patience: The client gives up after this many seconds without an answer.
        random: Returns random bytes.

    Attributes:
        room: The client's side of the room.
        servers: The servers of the room.
        endpoint: The client's end of the reliable protocol.
        ended: Fires when both ends have closed. Fails if the server closes first, does not answer,
            or refuses to let the client join.
        pumped: Called whenever the number of pending messages may have changed.
        not_let_in: Called with the server's reason if it refuses to let the client join.
        let_in: Called when the server lets the client join, also after a refusal.
        refused: The number of messages that were not sent because they were too long.
    """

    def __init__(
        self,
        clock: IReactorTime,
        name: str,
        show: Callable[[Line], object],
        tell: Callable[[str], object],
        patience: float = float("inf"),
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        now = clock.seconds()
        self.room = RoomClient(name, self._say, random)
        self.ended: Deferred[None] = Deferred()
        self.not_let_in: Callable[[str], object] = lambda why: self.fail(NotLetIn(why))
        self.let_in: Callable[[], object] = lambda: None
        self.pumped: Callable[[], object] = lambda: None
        self.refused = 0
        self._wire: Wire | None = None
        self.servers = Servers([Server("", 0)])
        self._reported: Server | None = None  # the last server that it has talked with
        self.endpoint = ClientEndpoint(now, self.room.join, random)
        self._clock = clock
        self._show = show
        self._tell = tell
        self._patience = patience
        self._since = self._reopened = now
        self._timer: IDelayedCall | None = None
        self._wanted = now
        self._was_lost = False
        self._stops = False
        self._finishing = False
        # The time when a user has asked to leave, until the client reports what it waits for.
        self._leaving_since: float | None = None
        self._unconfirmed = 0
        self._confirmed = now  # when the number of unconfirmed messages last changed
        self._is_refused = False
        self._refusal = ""  # why the server does not let it in again, as last reported

    def start(self, wire: Wire, servers: Servers | None = None) -> None:
        """Start the exchange of datagrams over `wire`.

        Args:
            wire: The path to the current server.
            servers: The servers of the room, if there are several.
        """
        self._wire = wire
        self.servers = servers or self.servers
        self._pump()

    def receive(self, datagram: bytes) -> None:
        """Handle a datagram from the server."""
        if self.ended.called:
            return
        now = self._clock.seconds()
        try:
            for message in self.endpoint.receive(datagram, now):
                self._hear(message.decode(errors="replace"), now)
        except NotServed as error:
            self._not_served(str(error), now)
        except (MessageError, OtherVersion) as error:
            self.fail(error)
        self._pump()

    @property
    def has_session(self) -> bool:
        """Tell whether the server has answered."""
        return self.endpoint.has_talked

    def _not_served(self, why: str, now: float) -> None:
        if self.servers.turns_away():
            if not self.room.has_been_in:
                self.fail(NotLetIn(why))
                return
            if why != self._refusal:
                self._tell(
                    _("not let in again: {error}; still trying", error=ROOM.problem(escape(why)))
                )
            self._refusal = why
        self._move(now)

    def datagram_refused(self) -> None:
        """Handle a refused datagram: the current server's port is not open."""
        if self._wire is None or self.ended.called:
            return
        now = self._clock.seconds()
        if self.has_session:
            if not self._move(now):
                self._wire.reopen()
        elif self.servers.turns_away():
            self.fail(NoAnswer(_("no server listens there")))
        else:
            self._move(now, at_once=True)
        self._pump()

    def _move(self, now: float, at_once: bool = False) -> bool:
        """Move to the next server; return False if there is none."""
        if len(self.servers) == 1 or self.endpoint.is_closed or self._wire is None:
            return False
        self.endpoint.move(self.servers.move(now, at_once))
        self._reopened = now
        self._wire.reopen()
        return True

    def _hear(self, message: str, now: float) -> None:
        was_in, was_deferred = self.room.is_in, self.room.is_deferred
        line = self.room.hear(message, now)
        if self.room.is_in and not was_in:
            self._refusal = ""
            self.let_in()
        if line is None:
            return
        if self.room.is_deferred and not was_deferred and self._tries_another(line.text, now):
            return
        self._is_refused = line.text.startswith("error: ") and not self.room.is_in
        if self._is_refused:
            self.not_let_in(line.text.removeprefix("error: "))
        else:
            self._show(line)

    def _tries_another(self, why: str, now: float) -> bool:
        """Move to the next server, if this one cannot let the client in now and others may."""
        # A limit of an address is to be kept, and not to be evaded.
        if why.startswith("* too many") or self.servers.defers() or self.endpoint.is_closed:
            return False
        if self.endpoint.session is not None and self._wire is not None:
            # Or the server would keep the session until it is silent for too long.
            self._wire.write(self.endpoint.session.abort())
        return self._move(now)

    def _say(self, message: str) -> None:
        self.endpoint.say(message.encode(errors="replace"))

    def say(self, text: str) -> None:
        """Send `text` to the room, or leave the room if `text` is the command for that."""
        if leaves(text):
            self.finish()
        elif len(text.encode(errors="replace")) > LONGEST_LINE:
            self.refuse_long()
        elif not self._finishing and text.strip():
            self.room.say(text, self._clock.seconds())
            self._pump()

    def refuse_long(self, size: int = 0) -> None:
        """Report and count a message that is too long, and therefore not sent.

        Args:
            size: Its bytes.
        """
        self.refused += 1
        self._tell(_("not sent: a message has at most {limit} bytes", limit=LONGEST_LINE))

    def rename(self, name: str) -> None:
        """Try another name, because the server has refused the last one.

        The client may have joined in the meantime, because each new session requests the old name
        again. It then changes its name by a command.
        """
        if not self.room.is_in:
            self._is_refused = False
            self.room.rename(name)
            self._pump()
        elif name != self.room.name:
            self.say(f"{NICK} {name}")

    def finish(self) -> None:
        """Leave once every message is confirmed."""
        self._finishing = True
        self._confirmed = self._clock.seconds()
        if self._patience == float("inf"):
            # A user who leaves should not have to wait longer.
            self._since = self._leaving_since = self._clock.seconds()
            self._patience = LAST_ANSWER
        self._pump()

    def abort(self) -> None:
        """Leave at once."""
        if self._wire is not None and not self.ended.called:
            for datagram in self.endpoint.abort():
                self._wire.write(datagram)
        self._end()

    def _pump(self) -> None:
        """Send and check what is due, and set the timer for the next call."""
        if self.ended.called or self._wire is None:
            return
        now = self._clock.seconds()
        self.room.pump(now)
        is_done = not self.room.pending and (self.room.is_in or self.endpoint.is_lost(now))
        is_deferred = self.room.is_deferred and not self.room.pending
        if self._finishing and (is_done or self._is_refused or is_deferred):
            self.endpoint.close()
        for datagram in self.endpoint.datagrams_to_send(now):
            self._wire.write(datagram)
        if self.endpoint.is_over:
            if self._finishing:
                self._end()
                return
            if self.servers.turns_away() or not self._move(now):
                self.fail(HungUp(_("the server has closed the connection")))
                return
        self.pumped()
        self._watch(now, self._wire)
        times = [time for time in (self.endpoint.deadline(), self.room.deadline(now)) if time]
        # `_watch` checks once a second whether the server answers.
        self._wake(min([now + 1.0, *times]), now)

    def _watch(self, now: float, wire: Wire) -> None:
        is_lost = self.endpoint.is_lost(now)
        self._watch_server(now, is_lost)
        session = self.endpoint.session
        stops = session is not None and session.peer_stops
        if stops and not self._stops:
            self._tell(_("the server is shutting down; waiting for it to return"))
        self._stops = stops
        if self._has_moved(is_lost):
            self._tell(_("moved to {server}", server=self.servers.current))
        elif self.has_session and is_lost != self._was_lost and not stops:
            self._tell(
                _("the server answers again") if self._was_lost else _("no answer; still trying")
            )
        self._was_lost = is_lost
        if self._leaving_since is not None and self.room.pending:
            self._say_what_it_waits_for(now, self._leaving_since, is_lost)
        if self._finishing and self._is_stuck(now):
            self.abort()
        elif not is_lost and session is not None:
            self._since = max(self._since, self.endpoint.heard)
        elif not self.has_session and now - self.endpoint.began >= self._first_answer:
            is_asking = self.endpoint.stage is Stage.ASKING
            why = (
                _("no answer")
                if is_asking
                else _("it answers, but lets no one in; try again later")
            )
            self.fail(NoAnswer(why))
        elif now - self._since >= self._patience:
            self._give_up()
        elif is_lost and now - self._reopened >= REOPEN:
            self._reopened = now
            wire.reopen()

    @property
    def _first_answer(self) -> float:
        return FIRST_ANSWER + NEXT_FIRST_ANSWER * (len(self.servers) - 1)

    def _watch_server(self, now: float, is_lost: bool) -> None:
        """Move to the next server if the current one stops, or does not answer."""
        session, is_talking = self.endpoint.session, self.endpoint.stage is Stage.TALKING
        if is_talking and not is_lost:
            self.servers.answers(now)
        elif (
            is_talking
            or (session is not None and session.peer_stops)
            or self.servers.is_silent(now)
        ):
            self._move(now)

    def _has_moved(self, is_lost: bool) -> bool:
        """Tell whether another server than before serves it now."""
        if is_lost or self.endpoint.stage is not Stage.TALKING:
            return False
        before, self._reported = self._reported, self.servers.current
        return before not in (None, self._reported)

    def _say_what_it_waits_for(self, now: float, since: float, is_lost: bool) -> None:
        # A server that answers usually confirms within a second.
        if is_lost or now - since >= 1.0:
            self._leaving_since = None
            pending = self.room.pending
            most = LAST_CONFIRMATION if self.endpoint.heard > since else LAST_ANSWER
            self._tell(
                ngettext(
                    "{n} message is not confirmed; waiting up to {most:g} s, Ctrl-C ends at once",
                    "{n} messages are not confirmed; waiting up to {most:g} s, Ctrl-C ends at once",
                    pending,
                    most=most,
                )
            )

    def _give_up(self) -> None:
        if self._finishing and self.room.has_been_in and not self.room.pending:
            self._end()  # Only the confirmation of the close is missing.
        else:
            self.fail(NoAnswer(_("the server no longer answers")))

    def _is_stuck(self, now: float) -> bool:
        """Tell whether the server answers, but has confirmed nothing for too long."""
        unconfirmed = self.room.pending + (not self.room.is_in)
        if unconfirmed != self._unconfirmed:
            self._unconfirmed = unconfirmed
            self._confirmed = now
        return bool(self._unconfirmed) and now - self._confirmed >= LAST_CONFIRMATION

    def _wake(self, when: float, now: float) -> None:
        if self.ended.called:
            return
        self._wanted = when
        if self._timer is not None and self._timer.active():
            self._timer.reset(max(when - now, 0.0))
        else:
            self._timer = self._clock.callLater(max(when - now, 0.0), self._awake)

    def _awake(self) -> None:
        late = self._clock.seconds() - self._wanted
        if late > 1.0:
            # The process was suspended; datagrams that arrived meanwhile are still unread.
            self.endpoint.extend_timeouts(late)
            self.servers.extend_timeouts(late)
            self._since += late
            self._confirmed += late
        self._pump()

    def fail(self, error: Exception) -> None:
        """End with `error`."""
        self._end(Failure(error))

    def _end(self, result: Failure | None = None) -> None:
        cancel(self._timer)
        if not self.ended.called:
            self.ended.callback(result)
