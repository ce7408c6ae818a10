"""What a scenario works with: servers, and peers that connect to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted_lab.check.outcomes import Failed, NotChecked, NotOffered
from twisted_lab.check.profiles.netlab.talk.party import Party
from twisted_lab.check.profiles.netlab.talk.services import Services, start
from twisted_lab.check.profiles.netlab.talk.wire import Framing
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _


class Lab:
    """Servers, and peers that connect to them, during one trial.

    Args:
        trial: The trial.
        services: The servers of the check.

    Attributes:
        trial: The trial.
    """

    def __init__(self, trial: Trial, services: Services) -> None:
        self.trial = trial
        self._services = services
        self._used: set[tuple[str, ...]] = set()
        self._peers = 0
        chance = trial.random
        self._network = f"127.{chance.randint(8, 250)}.{chance.randint(1, 250)}."

    def new_source(self) -> str:
        """Return an address that no peer of the check has had, all in one network of 24 bits."""
        self._peers += 1
        return f"{self._network}{self._peers}"

    async def server(
        self, service: str, *options: str, framing: Framing | None = None
    ) -> StartedServer:
        """Return a server that may have served peers of other trials.

        Args:
            service: The service, such as ``echo``.
            options: The options that it needs.
            framing: Its framing.

        Raises:
            NotOffered: The command has no place for the options.
            Failed: The server does not listen.
        """
        command = self._services.command(service, framing, options)
        server = await self._services.running(command)
        self._used.add(command)
        self.trial.step(_("the server runs: {command}", command=" ".join(command)))
        self.trial.address = (server.host, server.port)
        return server

    async def fresh_server(
        self,
        service: str,
        *options: str,
        framing: Framing | None = None,
        sandbox: Sandbox | None = None,
    ) -> StartedServer:
        """Return a server that this trial may end; see `server`.

        Args:
            service: The service.
            options: The options that it needs.
            framing: Its framing.
            sandbox: Where to start it; a new one if None.
        """
        trial = self._services.trial(self._services.command(service, framing, options))
        self.trial.on_close(trial.close)
        self.trial.step(_("the server starts"))
        return await start(trial, sandbox)

    async def join(
        self,
        server: StartedServer,
        framing: Framing | None = None,
        source: str = "",
        buffers: int = 0,
    ) -> Party:
        """Connect a peer.

        Args:
            server: The server.
            framing: Its framing.
            source: The address from which it connects; "" for a new one.
            buffers: The size of its kernel buffers in bytes; 0 for the system's own sizes.

        Raises:
            Failed: The connection is refused.
            NotChecked: No program can have that address here.
        """
        source = source or self.new_source()
        name = _("peer {number}", number=self._peers)
        self.trial.step(_("{name} connects from {source}", name=name, source=source))
        if server.sandbox.lacks and not source.startswith("127."):
            raise NotChecked(_("No program can have the address {source} here.", source=source))
        peer = await server.connect(source, buffers)
        if peer is None:
            raise Failed(_("The server did not accept the connection."))
        self.trial.on_close(peer.close)
        return Party(self.trial, server, peer, framing, name)

    async def connect(
        self, service: str, *options: str, framing: Framing | None = None, source: str = ""
    ) -> Party:
        """Connect a peer to a server that may have served others; see `server` and `join`."""
        return await self.join(
            await self.server(service, *options, framing=framing), framing, source
        )

    def forget(self) -> None:
        """Let the next trial have fresh servers."""
        for command in self._used:
            self._services.stop(command)


LabScenario = Callable[[Lab], Awaitable[None]]


def scenario(converse: LabScenario) -> Callable[[Trial, Services], Awaitable[None]]:
    """Return a scenario, after which a server that has failed is not used again."""

    async def run(trial: Trial, services: Services) -> None:
        lab = Lab(trial, services)
        try:
            await converse(lab)
        except NotOffered:
            raise
        except BaseException:
            lab.forget()
            raise

    return run
