"""Vocabulary of events, common to all services and the client.

Each event is a structured `twisted.logger` event. In addition to Twisted's ``log_...`` keys it has
``event`` (its name), ``service``, ``peer`` (text, or None for an event without a peer) and further
values. An event never contains input from a peer, except the names of accounts and, at level debug,
the data of services without secrets. The formats are constants of this module.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from twisted.logger import LogEvent, LogLevel
from twisted.python.failure import Failure

from twisted_lab.disconnects import Reason
from twisted_lab.eventlog.counters import Counters
from twisted_lab.text.escaping import escape, escape_bytes
from twisted_lab.text.language import N_, Message
from twisted_lab.text.sizes import size

Observer = Callable[[LogEvent], object]
# Without the data, and with them; constants, because these events are frequent.
_RECEIVED = (
    N_("received {bytes} bytes from {peer}"),
    N_("received {bytes} bytes from {peer}: {data}"),
)
_SENT = N_("sent {bytes} bytes to {peer}"), N_("sent {bytes} bytes to {peer}: {data}")
_NONE = N_("none")
UPGRADED = N_("upgraded the database {path} ({log_changes}); the old file is kept as {copy}")
_RELAYED = (
    N_("sent {bytes} bytes to each of {peers} peers"),
    N_("sent {bytes} bytes to each of {peers} peers: {data}"),
)


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Return a text about old and new versions by package: ``accounts 2 -> 3, rooms 1 -> 3``."""
    return ", ".join(f"{name} {number} -> {after[name]}" for name, number in before.items())


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
        """Set the lowest level that is reported."""
        self._levels = {wanted for wanted in LogLevel.iterconstants() if wanted >= level}
        # `received` and `sent` are frequent, so callers should check this first.
        self.traffic = LogLevel.info in self._levels
        self.shows_bytes = self._may_show_bytes and LogLevel.debug in self._levels

    def allow_bytes(self) -> None:
        """Include received and sent data at level debug; for services without secrets only."""
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
        # The same event as from Logger.emit(), in a fraction of the time.
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
        """Report an event that the console must show, whatever the level and destination."""
        self._report(level, event, text, peer=None, log_announce=True, **figures)

    def received(self, peer: str, count: int, data: bytes = b"") -> None:
        """Report that `count` bytes with `data` in them were received."""
        if self.traffic:
            self._moved("received", _RECEIVED, peer, count, data)

    def sent(self, peer: str, count: int, data: bytes = b"") -> None:
        """Report that `count` bytes of `data` were written to the transport."""
        if self.traffic:
            self._moved("sent", _SENT, peer, count, data)

    def relayed(self, peers: int, count: int, data: bytes = b"") -> None:
        """Report that `count` bytes of `data` were written to each of `peers` transports."""
        if self.traffic:
            self._moved("relayed", _RELAYED, None, count, data, peers=peers)

    def _moved(
        self,
        event: str,
        texts: tuple[str, str],
        peer: str | None,
        count: int,
        data: bytes,
        **figures: object,
    ) -> None:
        figures["bytes"] = count
        if self.shows_bytes:
            figures["data"] = escape_bytes(data)
        self._emit(LogLevel.info, event, texts[self.shows_bytes], peer, figures)


class ServiceEvents(_Reporter):
    """The reporter of a service's events.

    Args:
        service: The service's name, such as ``netlab-echo``.
        observer: Gets the events.
        level: The lowest level that is reported; events for the console always are.
        now: Returns the time, in seconds of Unix time.

    Attributes:
        service: See above.
        traffic: Whether `received`, `sent` and `relayed` report anything.
        shows_bytes: Whether they include the data.
        counters: Counters of events, whatever the level.
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
        """Report that the process has started."""
        self._report(
            LogLevel.info,
            "server started",
            N_("server started: {service} {version}"),
            version=version,
        )

    def listening(self, address: str) -> None:
        """Report that clients can connect to `address`."""
        self._announce(LogLevel.info, "listening", N_("listening on {address}"), address=address)

    def created(self, path: str) -> None:
        """Report a new database without any data: perhaps the old file is elsewhere."""
        self._announce(
            LogLevel.warn,
            "database created",
            N_("created a new database {path}: it has no accounts and no history"),
            path=path,
        )

    def upgraded(
        self, path: str, before: Mapping[str, int], after: Mapping[str, int], suffix: str
    ) -> None:
        """Report that older tables of the database were upgraded, after a copy of the file.

        Args:
            path: The database's file.
            before: The old versions by package; that of the whole file as ``file``.
            after: The new ones.
            suffix: The suffix of the copy's name.
        """
        self._announce(
            LogLevel.warn,
            "database upgraded",
            UPGRADED,
            path=path,
            before=dict(before),
            after=dict(after),
            copy=f"{path}.{suffix}",
            log_changes=changes(before, after),
        )

    def database_lost(self, name: str, reason: str) -> None:
        """Report that no work on a database succeeds any more; clients get an error message."""
        self.counters.errors["database"] += 1
        self._announce(
            LogLevel.error,
            "database lost",
            N_(
                "cannot use the database {database}: {reason}; clients get an error until it "
                "works again"
            ),
            database=name,
            reason=escape(reason),
        )

    def database_back(self, name: str, seconds: float) -> None:
        """Report that a database works again, `seconds` after the first failure."""
        self._announce(
            LogLevel.warn,
            "database back",
            N_("the database {database} works again after {seconds:.0f} s"),
            database=name,
            seconds=seconds,
        )

    def not_durable(self, name: str, setting: str) -> None:
        """Warn that a setting of the database's server may lose data that clients think stored."""
        self._announce(
            LogLevel.warn,
            "not durable",
            N_(
                "the database {database} has {setting} = off: a crash of its server may lose what "
                "clients were told is stored"
            ),
            database=name,
            setting=setting,
        )

    def lease(self, is_held: bool) -> None:
        """Report that a node of a room has lost its lease, or has it back."""
        self._announce(
            LogLevel.warn,
            "lease back" if is_held else "lease lost",
            N_("this node is back in the room")
            if is_held
            else N_("this node has lost its lease: its members hear nothing until it is back"),
        )

    def certificate(self, path: str, fingerprint: str, until: str) -> None:
        """Report the certificate for TLS connections: file, fingerprint and last day."""
        self._announce(
            LogLevel.info,
            "certificate",
            N_("certificate {path}, valid until {until}, SHA-256 {fingerprint}"),
            path=path,
            until=until,
            fingerprint=fingerprint,
        )

    def certificate_begins(self, path: str, since: str) -> None:
        """Warn that the certificate is not valid yet."""
        self._announce(
            LogLevel.warn,
            "certificate begins",
            N_("the certificate {path} is valid from {since} on, and clients refuse it until then"),
            path=path,
            since=since,
        )

    def certificate_ends(self, path: str, until: str, days: float) -> None:
        """Warn that the certificate ends soon, or has ended: `days` are negative then."""
        if days < 0:
            text = N_("the certificate {path} expired on {until}, and clients refuse it: renew it")
        else:
            text = N_("the certificate {path} expires on {until}: renew it")
        self._announce(
            LogLevel.warn, "certificate ends", text, path=path, until=until, days=round(days, 1)
        )

    def key_readable(self, path: str) -> None:
        """Warn that all users of the machine can read the file with the private key."""
        self._announce(
            LogLevel.warn,
            "key readable",
            N_("all users of this machine can read the private key in {path}: chmod o= {path}"),
            path=path,
        )

    def not_encrypted(self) -> None:
        """Warn that a UDP port does not support TLS, although TLS was requested."""
        self._announce(
            LogLevel.warn,
            "not encrypted",
            N_("TLS works with TCP only: UDP traffic is not encrypted"),
        )

    def certificate_kept(self, reason: str) -> None:
        """Report that the certificate on disk cannot be used; the previous one stays in use."""
        self._announce(
            LogLevel.error,
            "certificate kept",
            N_("the previous certificate stays in use: cannot use {reason}"),
            reason=reason,
        )

    def reload_failed(self, failure: Failure) -> None:
        """Report that one of the functions for SIGHUP has raised; the others were called."""
        self._announce(
            LogLevel.error,
            "reload failed",
            N_("SIGHUP: one step failed: {error}"),
            error=f"{type(failure.value).__name__}: {escape(failure.getErrorMessage())}",
            log_failure=failure,
        )

    def out_of_files(self, limit: int) -> None:
        """Report that accepting has stopped because too few file descriptors are left."""
        self.counters.errors["files"] += 1
        self._announce(
            LogLevel.error,
            "out of files",
            N_(
                "nearly all of the {limit} files that may be open are: new connections wait until "
                "others leave (ulimit -n raises the limit)"
            ),
            limit=limit,
        )

    def accepting_again(self) -> None:
        """Report that there are enough file descriptors again, and have been for a while."""
        self._announce(LogLevel.warn, "accepting again", N_("connections are accepted again"))

    def controlled(self, what: str) -> None:
        """Report a command from the control channel."""
        self._report(LogLevel.info, "controlled", N_("told to {what}"), what=escape(what))

    def paused(self) -> None:
        """Report that the service is paused: it serves no new peers until it is resumed."""
        self._report(LogLevel.warn, "paused", N_("paused: new clients are not served"))

    def port_busy(self, wanted: int, taken: int) -> None:
        """Report that the wanted port was busy, and another one was taken."""
        self._announce(
            LogLevel.warn,
            "port busy",
            N_("port {wanted} is busy, listening on {taken}"),
            wanted=wanted,
            taken=taken,
        )

    def connected(self, peer: str) -> None:
        """Report and count a new connection."""
        self.counters.connected += 1
        self._report(LogLevel.info, "client connected", N_("client connected: {peer}"), peer=peer)

    def disconnected(
        self, peer: str, bytes_in: int, bytes_out: int, seconds: float, reason: Reason
    ) -> None:
        """Report the end of a connection with its reason, and count its duration."""
        self.counters.seconds.add(seconds)
        self._report(
            LogLevel.info,
            "client disconnected",
            N_(
                "client disconnected: {peer}, {bytes_in} bytes in, {bytes_out} bytes out, "
                "{seconds:.1f} s, {reason}"
            ),
            peer=peer,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            seconds=seconds,
            reason=reason.text,
        )

    def hung_up(self, peer: str, reason: Reason) -> None:
        """Report that the server closes a connection; the peer gets the reason if possible."""
        self.counters.errors[reason.why.kind] += 1
        self._report(
            LogLevel.warn,
            "hung up",
            N_("disconnecting {peer}: {reason}"),
            peer=peer,
            reason=reason.text,
        )

    def refused(self, peer: str, reason: Reason, count: int) -> None:
        """Report that `count` datagram peers were refused since the last report, `peer` last."""
        self._report(
            LogLevel.warn,
            "refused",
            N_("refused {count} datagram peers, at last {peer}: {reason}"),
            peer=peer,
            reason=reason.text,
            count=count,
        )

    def behind(self, peer: str, limit: int) -> None:
        """Report that a connection is aborted because the peer does not read its output."""
        self.counters.errors["behind"] += 1
        self._report(
            LogLevel.warn,
            "client dropped",
            N_("client dropped: {peer} is more than {log_limit} behind"),
            peer=peer,
            limit=limit,
            log_limit=size(limit),
        )

    def unable(self, peer: str, told: str, reason: str, is_known: bool = False) -> None:
        """Report that the server could not serve a peer; it was `told` an error message instead.

        Args:
            peer: The peer.
            told: The message.
            reason: Why it could not.
            is_known: Whether the log has the reason already: then only level debug has this event.
        """
        self.counters.errors["unable"] += 1
        self._report(
            LogLevel.debug if is_known else LogLevel.error,
            "unable",
            N_("could not serve {peer}: {told}: {reason}"),
            peer=peer,
            told=told,
            reason=escape(reason),
        )

    def logged_in(self, peer: str, account: str, how: str) -> None:
        """Report a login to `account`; `how` is by password, token or registration."""
        self._report(
            LogLevel.info,
            "logged in",
            N_("logged in: {peer} as {account}, by {how}"),
            peer=peer,
            account=escape(account),
            how=Message(how),
        )

    def login_failed(self, peer: str, account: str | None = None) -> None:
        """Report a failed login, without the given password or token.

        Args:
            peer: The peer.
            account: The account of the given name. None if there is none: people type passwords
                where a name is asked for.
        """
        self.counters.errors["login"] += 1
        self._report(
            LogLevel.warn,
            "login failed",
            N_("login failed: {peer}")
            if account is None
            else N_("login failed: {peer} as {account}"),
            peer=peer,
            account=account and escape(account),
        )

    def login_refused(
        self,
        peer: str,
        reason: str,
        account: str | None = None,
        seconds: float | None = None,
        address: str = "",
    ) -> None:
        """Report a login refused after too many failures, or because the session had ended.

        Args:
            peer: The peer.
            reason: Why it was refused.
            account: See `login_failed`.
            seconds: How long the peer must wait; None if waiting does not help.
            address: The address whose failures the operator can forget to end that; "" if none.
        """
        self.counters.errors["login"] += 1
        if seconds is None:
            text = N_("login refused: {peer}: {reason}")
        elif account is None and address:
            text = N_(
                "login refused: {peer}: {reason}, for {seconds:.0f} s; "
                "netlab accounts forget {address} ends the delay"
            )
        elif account is None:
            text = N_("login refused: {peer}: {reason}, for {seconds:.0f} s")
        elif address:
            text = N_(
                "login refused: {peer} as {account}: {reason}, for {seconds:.0f} s; "
                "netlab accounts forget {address} ends the delay"
            )
        else:
            text = N_("login refused: {peer} as {account}: {reason}, for {seconds:.0f} s")
        self._report(
            LogLevel.warn,
            "login refused",
            text,
            peer=peer,
            reason=reason,
            account=account and escape(account),
            seconds=seconds,
            address=address,
        )

    def conversation_failed(self, peer: str, failure: Failure) -> None:
        """Report an exception from the conversation with a peer: a bug of the service."""
        self.counters.errors["conversation"] += 1
        self._report(
            LogLevel.critical,
            "conversation failed",
            N_("the conversation with {peer} failed: {error}"),
            peer=peer,
            error=f"{type(failure.value).__name__}: {escape(failure.getErrorMessage())}",
            log_failure=failure,
        )

    def faults(self, seed: int | None, most_held: int) -> None:
        """Report the seed of the fault proxies, None in a replay, and their bound."""
        self._announce(
            LogLevel.info,
            "faults",
            N_("the recording decides; at most {log_most_held} is held")
            if seed is None
            else N_("--seed {seed} repeats the decisions; at most {log_most_held} is held"),
            seed=seed,
            most_held=most_held,
            log_most_held=size(most_held),
        )

    def proxying(self, proxy: str, address: str, target: str) -> None:
        """Report that a proxy passes on what it gets at `address`."""
        self._announce(
            LogLevel.info,
            "proxying",
            N_("proxy {proxy}: {address} to {target}"),
            proxy=proxy,
            address=address,
            target=target,
        )

    def phase(self, toxics: Sequence[str], disabled: Sequence[str]) -> None:
        """Report a new phase of a scenario, with its toxics and the proxies that it disables."""
        self._report(
            LogLevel.info,
            "phase",
            N_("phase: toxics {log_toxics}; disabled {log_disabled}"),
            toxics=list(toxics),
            disabled=list(disabled),
            log_toxics=", ".join(toxics) or Message(_NONE),
            log_disabled=", ".join(disabled) or Message(_NONE),
        )

    def faulted(
        self,
        peer: str,
        units: int,
        faulted: int,
        lost: int,
        toxics: Counter[str],
        chosen: Mapping[str, int],
    ) -> None:
        """Report what happened to the units of a link that has ended.

        Args:
            peer: The client.
            units: The number of units in both directions.
            faulted: The number of those that toxics have chosen.
            lost: The number of lost ones.
            toxics: How often each toxic has chosen a unit, or the link's beginning or end. What it
                does later, such as a reset, a link that ends before does not see.
            chosen: The same without beginnings and ends.
        """
        self._report(
            LogLevel.info,
            "faulted",
            N_(
                "units of {peer}, both ways: {units}, lost: {lost}, with faults: {faulted} "
                "({log_toxics})"
            ),
            peer=peer,
            units=units,
            faulted=faulted,
            lost=lost,
            toxics=dict(toxics),
            log_toxics=", ".join(
                f"{name}: {chosen[name]}" if name in chosen else name
                for name, _ in toxics.most_common()
            )
            or Message(_NONE),
        )

    def recording_ended(self, path: str, reason: str) -> None:
        """Report that a recording ends early, while the proxies go on."""
        self._announce(
            LogLevel.error,
            "recording ended",
            N_("the recording {path} ends here, and the proxies go on: {reason}"),
            path=path,
            reason=reason,
        )

    def diagram_written(self, path: str) -> None:
        """Report that a diagram was written."""
        self._announce(LogLevel.info, "diagram written", N_("wrote the diagram {path}"), path=path)

    def diagram_lost(self, path: str, reason: str) -> None:
        """Report that a diagram could not be written."""
        self._announce(
            LogLevel.error,
            "diagram lost",
            N_("cannot write the diagram {path}: {reason}"),
            path=path,
            reason=reason,
        )

    def replay_incomplete(self, reason: str) -> None:
        """Report that a part of a recording is not replayed."""
        self._announce(
            LogLevel.warn,
            "replay incomplete",
            N_("the replay is incomplete: {reason}"),
            reason=reason,
        )

    def replay_differs(self, proxy: str, link: str, direction: str, unit: int) -> None:
        """Report the first unit of a link that is not the recorded one."""
        self._report(
            LogLevel.warn,
            "replay differs",
            N_(
                "unit {unit} of link {link} of {proxy} ({direction}) differs from the recorded "
                "one; its recorded faults apply, and further differences of the link are not "
                "reported"
            ),
            proxy=proxy,
            link=link,
            direction=direction,
            unit=unit,
        )

    def stopped(self) -> None:
        """Report that the process has stopped: all ports and connections are closed."""
        self._report(LogLevel.info, "server stopped", N_("server stopped"))

    def drained(self, seconds: float, clients: int) -> None:
        """Report that a drain has ended after some seconds, and that the process ends now."""
        self._announce(
            LogLevel.info,
            "drained",
            N_("drained after {seconds:.0f} s, clients left: {clients}"),
            seconds=seconds,
            clients=clients,
        )

    def failed(self, reason: str) -> None:
        """Report why the service cannot serve and the process ends."""
        self._announce(LogLevel.critical, "server failed", "{service}: {reason}", reason=reason)

    def worker_started(self, pid: int | None) -> None:
        """Report that a worker has started."""
        self._report(LogLevel.info, "worker started", N_("worker started: process {pid}"), pid=pid)

    def worker_died(self, pid: int | None, reason: str, seconds: float) -> None:
        """Report that a worker has died or could not start; another one starts in `seconds`."""
        self._announce(
            LogLevel.error,
            "worker died",
            N_("worker died: process {pid}, {reason}; another one starts in {seconds:g} s")
            if seconds
            else N_("worker died: process {pid}, {reason}; another one starts at once"),
            pid=pid,
            reason=reason,
            seconds=seconds,
        )

    def worker_killed(self, pid: int | None) -> None:
        """Report that a worker did not end in time and was killed; its connections are aborted."""
        self._announce(
            LogLevel.error,
            "worker killed",
            N_("worker killed: process {pid} did not end in time"),
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
        """Report a summary of events that exceeded the rate limit.

        Args:
            peer: The peer that caused the last event.
            kinds: The number of events of each kind.
            networks: The number of events caused by each network.
            count: The number of bytes received and sent.
            seconds: The time from the first event to the summary.
        """
        busiest = max(networks, key=networks.__getitem__, default=None)
        self._report(
            LogLevel.warn,
            "summed up",
            N_(
                "summed up {events} events of {seconds:.1f} s: {log_kinds}; {bytes} bytes; the "
                "last peer was {peer}; networks: {networks}, most of {busiest}"
            )
            if networks
            else N_("summed up {events} events of {seconds:.1f} s: {log_kinds}; {bytes} bytes"),
            peer=peer,
            events=sum(kinds.values()),
            kinds=dict(kinds),
            bytes=count,
            seconds=seconds,
            networks=len(networks),
            busiest=busiest,
            busiest_events=networks[busiest] if busiest is not None else 0,
            # For the text only: JSON lines omit keys that begin with "log_", and have `kinds`.
            log_kinds=", ".join(f"{number} {name}" for name, number in kinds.most_common()),
        )

    def twisted(self, level: LogLevel, text: str) -> None:
        """Report `text`, logged by Twisted or other code outside this package."""
        # Indented lines continue the event before them.
        lines = escape(text.rstrip(), keep="\n").replace("\n", "\n    ")
        self._report(level, "twisted", "{log_text}", log_text=lines)

    def events_lost(self, pid: int, kinds: Mapping[str, int]) -> None:
        """Report the numbers of events that worker `pid` dropped while its supervisor was stuck."""
        lost = sum(kinds.values())
        self.counters.errors["log"] += lost
        self._announce(
            LogLevel.warn,
            "events lost",
            N_(
                "{lost} events of process {pid} were lost, because its supervisor took none for a "
                "second: {log_kinds}"
            ),
            lost=lost,
            kinds=dict(kinds),
            pid=pid,
            # For the text only, as in `summed_up`.
            log_kinds=", ".join(f"{number} {name}" for name, number in kinds.items()),
        )

    def log_lost(self, path: str, reason: str) -> None:
        """Report that the log file cannot be written; the service continues without it."""
        self._announce(
            LogLevel.error,
            "log lost",
            N_("cannot write the log {path}: {reason}; events are lost until it can be written"),
            path=path,
            reason=reason,
        )

    def log_not_rotated(self, path: str, reason: str) -> None:
        """Report that a rotation has failed; the old log file grows beyond its limit."""
        self._announce(
            LogLevel.error,
            "log not rotated",
            N_("cannot begin a new log: {reason}; {path} keeps growing"),
            path=path,
            reason=reason,
        )

    def log_resumed(self, path: str, lost: int) -> None:
        """Report that the log file is written again, after `lost` dropped events."""
        self._announce(
            LogLevel.warn,
            "log resumed",
            N_("the log {path} is written again; {lost} events were lost"),
            path=path,
            lost=lost,
        )


class ClientEvents(_Reporter):
    """The reporter of the client's events."""

    def connected(self, peer: str, local: str) -> None:
        """Report that the client has connected."""
        self._report(
            LogLevel.info,
            "connected",
            N_("connected to {peer} from {local}"),
            peer=peer,
            local=local,
        )

    def disconnected(
        self, peer: str, bytes_out: int, bytes_in: int, seconds: float, reason: Reason
    ) -> None:
        """Report the end of the connection, with its reason."""
        self._report(
            LogLevel.info,
            "disconnected",
            N_(
                "disconnected from {peer}: {bytes_out} bytes out, {bytes_in} bytes in, "
                "{seconds:.1f} s, {reason}"
            ),
            peer=peer,
            bytes_out=bytes_out,
            bytes_in=bytes_in,
            seconds=seconds,
            reason=reason.text,
        )
