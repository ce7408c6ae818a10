"""Events of services and of the client: one vocabulary, so that every log reads the same.

Each event is a structured `twisted.logger` event. Beside Twisted's own ``log_...`` keys it carries
``event`` (its name), ``service``, ``peer`` (text, or None where no peer is concerned) and its
figures. What a peer sent is never part of an event, but for the names of accounts and, at level
debug, what services without secrets hear. The formats are constants of this module.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

from twisted.logger import LogEvent, LogLevel
from twisted.python.failure import Failure

from twisted_lab.disconnects import Reason
from twisted_lab.eventlog.counters import Counters
from twisted_lab.text.escaping import escape, escape_bytes

Observer = Callable[[LogEvent], object]


class _Reporter:
    _may_show_bytes = False

    def __init__(
        self,
        service: str,
        observer: Observer,
        level: LogLevel = LogLevel.info,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.service = service
        self._observer = observer
        self._now = now
        self.log_from(level)

    def log_from(self, level: LogLevel) -> None:
        """Report from `level` up, from here on."""
        self._levels = {wanted for wanted in LogLevel.iterconstants() if wanted >= level}
        # `received` and `sent` are frequent, so callers should ask this first.
        self.traffic = LogLevel.info in self._levels
        self.shows_bytes = self._may_show_bytes and LogLevel.debug in self._levels

    def allow_bytes(self) -> None:
        """At level debug, show the received and sent data: it holds no secrets."""
        self._may_show_bytes = True
        self.shows_bytes = LogLevel.debug in self._levels

    def _report(
        self, level: LogLevel, event: str, text: str, *, peer: str | None = None, **figures: object
    ) -> None:
        if level in self._levels or "log_announce" in figures:
            self._emit(level, event, text, peer, figures)

    def _emit(
        self, level: LogLevel, event: str, text: str, peer: str | None, figures: dict[str, object]
    ) -> None:
        # The event that Logger.emit() would make, in a fraction of the time.
        self._observer(
            {
                "log_time": self._now(),
                "log_level": level,
                "log_namespace": self.service,
                "log_format": text,
                "event": event,
                "service": self.service,
                "peer": peer,
                **figures,
            }
        )

    def _announce(self, level: LogLevel, event: str, text: str, **figures: object) -> None:
        """Report an event that the console must show, whatever the level and the destination."""
        self._report(level, event, text, peer=None, log_announce=True, **figures)

    def received(self, peer: str, count: int, data: bytes = b"") -> None:
        """`count` bytes were received, with `data` in them."""
        if self.traffic:
            self._moved("received", "received {bytes} bytes from {peer}", peer, count, data)

    def sent(self, peer: str, count: int, data: bytes = b"") -> None:
        """`count` bytes of `data` were handed to the transport, which sends them when it can."""
        if self.traffic:
            self._moved("sent", "sent {bytes} bytes to {peer}", peer, count, data)

    def relayed(self, peers: int, count: int, data: bytes = b"") -> None:
        """`count` bytes of `data` were handed to the transports of this many `peers`."""
        if self.traffic:
            text = "sent {bytes} bytes to each of {peers} peers"
            self._moved("relayed", text, None, count, data, peers=peers)

    def _moved(
        self, event: str, text: str, peer: str | None, count: int, data: bytes, **figures: object
    ) -> None:
        figures["bytes"] = count
        if self.shows_bytes:
            text += ": {data}"
            figures["data"] = escape_bytes(data)
        self._emit(LogLevel.info, event, text, peer, figures)


class ServiceEvents(_Reporter):
    """The reporter of a service's events.

    Args:
        service: The service's name, such as ``netlab-echo``.
        observer: Takes the events.
        level: Events below it are dropped, but never those that the console must show.
        now: Tells the time, in seconds since 1970.

    Attributes:
        service: See above.
        traffic: Whether `received` and `sent` go anywhere.
        shows_bytes: Whether they show the data.
        counters: Counts events, whatever the level.
    """

    def __init__(
        self,
        service: str,
        observer: Observer,
        level: LogLevel = LogLevel.info,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(service, observer, level, now)
        self.counters = Counters()

    def started(self, version: str) -> None:
        """The service runs."""
        self._report(
            LogLevel.info, "server started", "server started: {service} {version}", version=version
        )

    def listening(self, address: str) -> None:
        """Clients can connect to `address`."""
        self._announce(LogLevel.info, "listening", "listening on {address}", address=address)

    def certificate(self, path: str, fingerprint: str, until: str) -> None:
        """TLS peers are shown the certificate in the file, which is valid until that day."""
        self._announce(
            LogLevel.info,
            "certificate",
            "certificate {path}, valid until {until}, SHA-256 {fingerprint}",
            path=path,
            until=until,
            fingerprint=fingerprint,
        )

    def not_encrypted(self) -> None:
        """TLS was asked for, and a UDP port does not support it."""
        self._announce(
            LogLevel.warn, "not encrypted", "TLS is for TCP: what goes by UDP is not encrypted"
        )

    def certificate_kept(self, reason: str) -> None:
        """The certificate on disk cannot be used; the one before it stays in use."""
        self._announce(
            LogLevel.error,
            "certificate kept",
            "the certificate from before stays in use: cannot use {reason}",
            reason=reason,
        )

    def reload_failed(self, failure: Failure) -> None:
        """SIGHUP asked for something that raised; the rest of what it asks for was done."""
        self._announce(
            LogLevel.error,
            "reload failed",
            "not all that SIGHUP asks for was done: {error}",
            error=f"{type(failure.value).__name__}: {escape(failure.getErrorMessage())}",
            log_failure=failure,
        )

    def out_of_files(self, limit: int) -> None:
        """No more connections are accepted, because too few files are left to be opened."""
        self.counters.errors["files"] += 1
        self._announce(
            LogLevel.error,
            "out of files",
            "nearly all of the {limit} files that may be open are: nobody new is accepted until "
            "others leave (ulimit -n raises the limit)",
            limit=limit,
        )

    def accepting_again(self) -> None:
        """Enough files are left to be opened again, and have been for a while."""
        self._announce(LogLevel.warn, "accepting again", "connections are accepted again")

    def controlled(self, what: str) -> None:
        """The operator has given that command over the control channel."""
        self._report(LogLevel.info, "controlled", "told to {what}", what=escape(what))

    def paused(self) -> None:
        """No new peer is served until the operator has the service listen again."""
        self._report(LogLevel.warn, "paused", "paused: nobody new is served")

    def port_busy(self, wanted: int, taken: int) -> None:
        """Another program had the wanted port; a free one was taken."""
        self._announce(
            LogLevel.warn,
            "port busy",
            "port {wanted} is busy, listening on {taken}",
            wanted=wanted,
            taken=taken,
        )

    def connected(self, peer: str) -> None:
        """A client has connected."""
        self.counters.connected += 1
        self._report(LogLevel.info, "client connected", "client connected: {peer}", peer=peer)

    def disconnected(
        self, peer: str, bytes_in: int, bytes_out: int, seconds: float, reason: Reason
    ) -> None:
        """The connection has ended, and why."""
        self.counters.seconds.add(seconds)
        self._report(
            LogLevel.info,
            "client disconnected",
            "client disconnected: {peer}, {bytes_in} bytes in, {bytes_out} bytes out, "
            "{seconds:.1f} s, {reason}",
            peer=peer,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            seconds=seconds,
            reason=reason.text,
        )

    def hung_up(self, peer: str, reason: Reason) -> None:
        """The server ends the connection, and tells the peer the reason if it can hear."""
        self.counters.errors[reason.why.kind] += 1
        self._report(
            LogLevel.warn,
            "hung up",
            "hung up on {peer}: {reason}",
            peer=peer,
            reason=reason.text,
        )

    def refused(self, peer: str, reason: Reason, count: int) -> None:
        """`count` datagram peers were refused since the last report; `peer` is the latest."""
        self._report(
            LogLevel.warn,
            "refused",
            "refused {count} datagram peers, at last {peer}: {reason}",
            peer=peer,
            reason=reason.text,
            count=count,
        )

    def behind(self, peer: str, limit: int) -> None:
        """The peer does not read what it is sent, and is cut off."""
        self.counters.errors["behind"] += 1
        self._report(
            LogLevel.warn,
            "client dropped",
            "client dropped: {peer} is more than {limit} bytes behind",
            peer=peer,
            limit=limit,
        )

    def unable(self, peer: str, told: str, reason: str) -> None:
        """The peer was `told` that instead of being served, for `reason`."""
        self.counters.errors["unable"] += 1
        self._report(
            LogLevel.error,
            "unable",
            "could not serve {peer}: {told}: {reason}",
            peer=peer,
            told=told,
            reason=escape(reason),
        )

    def logged_in(self, peer: str, account: str, how: str) -> None:
        """The peer has logged in to `account`, by a password, a token or a registration."""
        self._report(
            LogLevel.info,
            "logged in",
            "logged in: {peer} as {account}, by {how}",
            peer=peer,
            account=escape(account),
            how=how,
        )

    def login_failed(self, peer: str) -> None:
        """The peer had no right name, password or token. Which it gave may be a secret."""
        self.counters.errors["login"] += 1
        self._report(LogLevel.warn, "login failed", "login failed: {peer}", peer=peer)

    def login_refused(self, peer: str) -> None:
        """The password was not checked, after too many failures, or the session had ended."""
        self.counters.errors["login"] += 1
        self._report(LogLevel.warn, "login refused", "login refused: {peer}", peer=peer)

    def conversation_failed(self, peer: str, failure: Failure) -> None:
        """The conversation with the peer has raised, which is a mistake in the service."""
        self.counters.errors["conversation"] += 1
        self._report(
            LogLevel.critical,
            "conversation failed",
            "the conversation with {peer} failed: {error}",
            peer=peer,
            error=f"{type(failure.value).__name__}: {escape(failure.getErrorMessage())}",
            log_failure=failure,
        )

    def stopped(self) -> None:
        """The service has ended; nothing listens and no peer is connected."""
        self._report(LogLevel.info, "server stopped", "server stopped")

    def failed(self, reason: str) -> None:
        """The service cannot do what it was started for, and ends."""
        self._announce(LogLevel.critical, "server failed", "{service}: {reason}", reason=reason)

    def worker_started(self, pid: int | None) -> None:
        """A worker has started."""
        self._report(LogLevel.info, "worker started", "worker started: process {pid}", pid=pid)

    def worker_died(self, pid: int | None, reason: str, seconds: float) -> None:
        """A worker has ended, or could not be started, without an order to end."""
        self._announce(
            LogLevel.error,
            "worker died",
            "worker died: process {pid}, {reason}; another one starts "
            + ("in {seconds:g} s" if seconds else "at once"),
            pid=pid,
            reason=escape(reason),
            seconds=seconds,
        )

    def worker_killed(self, pid: int | None) -> None:
        """A worker has not ended in time when it was ordered to; its peers are cut off."""
        self._announce(
            LogLevel.error,
            "worker killed",
            "worker killed: process {pid} did not end in time",
            pid=pid,
        )

    def summed_up(
        self,
        peer: str | None,
        kinds: Counter[str],
        networks: Counter[str],
        count: int,
        seconds: float,
    ) -> None:
        """Peers have caused more events than are logged one by one.

        Args:
            peer: The peer that has caused the last of them.
            kinds: How many events there were of each kind.
            networks: How many each network has caused.
            count: How many bytes were moved.
            seconds: How long it took from the first event to the last.
        """
        busiest = max(networks, key=networks.__getitem__, default=None)
        self._report(
            LogLevel.warn,
            "summed up",
            "summed up {events} events of {seconds:.1f} s: {log_kinds}; {bytes} bytes"
            + (
                "; the last peer was {peer}; networks: {networks}, most of {busiest}"
                if networks
                else ""
            ),
            peer=peer,
            events=sum(kinds.values()),
            kinds=dict(kinds),
            bytes=count,
            seconds=seconds,
            networks=len(networks),
            busiest=busiest,
            busiest_events=networks[busiest] if busiest is not None else 0,
            # For the text alone: JSON lines leave out what begins with "log_", and have `kinds`.
            log_kinds=", ".join(f"{number} {name}" for name, number in kinds.most_common()),
        )

    def twisted(self, level: LogLevel, text: str) -> None:
        """Twisted, or something else in the process, has logged `text`."""
        # A line that begins with blanks goes on with the one before.
        lines = escape(text.rstrip(), keep="\n").replace("\n", "\n    ")
        self._report(level, "twisted", "{log_text}", log_text=lines)

    def events_lost(self, pid: int, kinds: Mapping[str, int]) -> None:
        """Worker `pid` dropped events, as many of each of `kinds`: its supervisor was stuck."""
        lost = sum(kinds.values())
        self.counters.errors["log"] += lost
        self._announce(
            LogLevel.warn,
            "events lost",
            "{lost} events of process {pid} were lost, because its supervisor took none for a "
            "second: {log_kinds}",
            lost=lost,
            kinds=dict(kinds),
            pid=pid,
            # A key that begins with log_ is in the text, but not in a log of JSON.
            log_kinds=", ".join(f"{number} {name}" for name, number in kinds.items()),
        )

    def log_lost(self, path: str, reason: str) -> None:
        """The log file takes no events; the service goes on without it."""
        self._announce(
            LogLevel.error,
            "log lost",
            "cannot write the log {path}: {reason}; events are lost until it can be written",
            path=path,
            reason=reason,
        )

    def log_not_rotated(self, path: str, reason: str) -> None:
        """No new log file can be begun; the old one grows past its size."""
        self._announce(
            LogLevel.error,
            "log not rotated",
            "cannot begin a new log: {reason}; {path} grows on",
            path=path,
            reason=reason,
        )

    def log_resumed(self, path: str, lost: int) -> None:
        """The log file takes events again, after `lost` of them were lost."""
        self._announce(
            LogLevel.warn,
            "log resumed",
            "the log {path} is written again; {lost} events were lost",
            path=path,
            lost=lost,
        )


class ClientEvents(_Reporter):
    """The reporter of the client's events."""

    def connected(self, peer: str, local: str) -> None:
        """The server has taken the connection."""
        self._report(
            LogLevel.info, "connected", "connected to {peer} from {local}", peer=peer, local=local
        )

    def disconnected(
        self, peer: str, bytes_out: int, bytes_in: int, seconds: float, reason: Reason
    ) -> None:
        """The connection has ended, and why."""
        self._report(
            LogLevel.info,
            "disconnected",
            "disconnected from {peer}: {bytes_out} bytes out, {bytes_in} bytes in, "
            "{seconds:.1f} s, {reason}",
            peer=peer,
            bytes_out=bytes_out,
            bytes_in=bytes_in,
            seconds=seconds,
            reason=reason.text,
        )
