"""netlab-ident: greetings by name for clients known by their IP addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil

from twisted_lab.channels import Channel, Conversation, FanOut, Refused
from twisted_lab.defaults import DEFAULTS
from twisted_lab.known_peers import PEER_TABLES, PeerQueries, recognize, remember
from twisted_lab.peers import network
from twisted_lab.services import broadcast
from twisted_lab.services.lecture import LectureOptions, ask_name
from twisted_lab.services.messages import number_messages
from twisted_lab.serving import (
    NetworkService,
    ServiceProcess,
    conversation_service,
    in_own_process,
    option,
)
from twisted_lab.serving.storage import DEFAULT_FILE, Store, shared_storage
from twisted_lab.text.dialogue_messages import HELLO
from twisted_lab.text.exit_word import EXIT
from twisted_lab.text.language import N_, Message
from twisted_lab.text.user_names import BadName, clean_name
from twisted_lab.token_bucket import NetworkBuckets

TRIES = 3
# Rate limit of new names per network; the burst is enough for a class.
NEW_AT_ONCE = 60
NEW_PER_SECOND = 1.0


class Identification:
    """Greeting of known clients, and a question for the names of others.

    Args:
        storage: The database with known peers.
        now: Returns the time, in seconds of Unix time.
        ticks: Returns the seconds of a monotonic clock, for the rate limit of new names.
        then: The conversation after the greeting; None to end there.
    """

    def __init__(
        self,
        storage: Store[PeerQueries],
        now: Callable[[], float],
        ticks: Callable[[], float],
        then: Conversation | None = None,
    ) -> None:
        self._storage = storage
        self._now = now
        self._ticks = ticks
        self._then = then
        self._newcomers = NetworkBuckets(NEW_PER_SECOND, NEW_AT_ONCE)

    async def converse(self, channel: Channel) -> None:
        """Greet a client; those of a unix socket have no address, and share one name."""
        address = channel.peer.host or "unix"
        now = self._now()
        name = await self._storage.run(partial(recognize, address=address, now=now))
        if name is None:
            name = await self._ask(channel, address)
        if name is not None:
            channel.say(f"{HELLO}{name}")
            if self._then is not None:
                await self._then(channel)

    async def _ask(self, channel: Channel, address: str) -> str | None:
        for _ in range(TRIES):
            channel.say("What's your name?")
            try:
                name = clean_name(await channel.hear())
            except BadName as error:
                channel.say(f"error: {error}")
            else:
                return await self._remember(address, name)
        return None

    async def _remember(self, address: str, name: str) -> str:
        if seconds := self._newcomers.take(network(address), self._ticks()):
            raise Refused(
                N_(
                    "too many new names from your network; try again in {seconds} s",
                    seconds=ceil(seconds),
                )
            )
        work = partial(remember, address=address, name=name, now=self._now())
        known = await self._storage.run(work)
        if known is None:
            raise Refused(
                N_("there is no room for new names; the operator of this server can make some")
            )
        return known


async def repeat(channel: Channel) -> None:
    """Repeat each message, until one is ``exit``."""
    while (text := await channel.hear()) != EXIT:
        channel.say(text)


class Options(LectureOptions):
    """Options of netlab-ident."""

    command = "netlab-ident"
    default_port = DEFAULTS["ident"].port
    has_secrets = False
    database = option.path(
        N_("The database of names: an SQLite file, or postgresql://USER@HOST/NAME."),
        default=DEFAULT_FILE,
        kind="database",
    )
    then = option.choice(
        N_("What follows the greeting: echo, messages or broadcast. [default: the end]"),
        "echo",
        "messages",
        "broadcast",
        default=None,
    )

    def postOptions(self) -> None:
        """See `ServiceOptions`.

        Raises:
            UsageError: Options cannot be combined, or another one is required.
        """
        if self.lecture and self.then:
            raise self._conflict("lecture", "then")
        if self.then == "broadcast" and not self.why_one_process:
            self.why_one_process = N_(
                "with --then broadcast {reason}", reason=Message(broadcast.Options.why_one_process)
            )
        super().postOptions()


def conversation_after(process: ServiceProcess, options: Options) -> Conversation | None:
    """Return the conversation after the greeting; None to end there."""
    if options.then == "broadcast":
        members = FanOut(process.reactor, process.log.events_of(options.command))
        return broadcast.Broadcast(members).converse
    return {"echo": repeat, "messages": number_messages}.get(options.then or "")


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    if options.lecture:
        return conversation_service(process, options, ask_name)
    storage = shared_storage(process, options.database, PEER_TABLES)
    identification = Identification(
        storage, process.now, process.reactor.seconds, conversation_after(process, options)
    )
    return conversation_service(process, options, identification.converse)


makeService = in_own_process(build)
