from collections.abc import Callable
from typing import TypeVar

from twisted.application.service import IService, ServiceMaker
from twisted.python.usage import Options

from twisted_lab.memory import lacks_memory, report_lack

Result = TypeVar("Result")


class Maker(ServiceMaker):
    """A service maker that reports lack of memory for the service's modules in one line."""

    @property
    def options(self) -> type[Options]:
        """See `twisted.application.service.IServiceMaker`."""
        options: type[Options] = self._attempt(lambda: super(Maker, self).options)
        return options

    @property
    def makeService(self) -> Callable[[Options], IService]:
        """See `twisted.application.service.IServiceMaker`."""
        make = self._attempt(lambda: super(Maker, self).makeService)
        return lambda options: self._attempt(lambda: make(options))

    def _attempt(self, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except Exception as error:
            # CannotStart, a SystemExit, has reported its reason already.
            if isinstance(error, SystemExit) or not lacks_memory(error):
                raise
        report_lack(self.tapname)
        raise SystemExit(1)


netlab = Maker(
    "twisted_lab",
    "twisted_lab.services.netlab",
    "All services of the lab in one process.",
    "netlab",
)

netlab_echo = Maker(
    "twisted_lab echo",
    "twisted_lab.services.echo",
    "Echo: send back all received bytes, over TCP.",
    "netlab-echo",
)

netlab_messages = Maker(
    "twisted_lab messages",
    "twisted_lab.services.messages",
    "Ask for numbered messages and repeat them, over TCP.",
    "netlab-messages",
)

netlab_broadcast = Maker(
    "twisted_lab broadcast",
    "twisted_lab.services.broadcast",
    "Send each message to all peers, over TCP.",
    "netlab-broadcast",
)

netlab_ident = Maker(
    "twisted_lab ident",
    "twisted_lab.services.ident",
    "Greet peers by name, known by IP address, over TCP.",
    "netlab-ident",
)

netlab_auth = Maker(
    "twisted_lab auth",
    "twisted_lab.services.auth",
    "Log peers in by password or token, over TCP.",
    "netlab-auth",
)

netlab_chat = Maker(
    "twisted_lab chat",
    "twisted_lab.services.chat",
    "A chat room over reliable UDP, and over TCP.",
    "netlab-chat",
)

netlab_faults = Maker(
    "twisted_lab faults",
    "twisted_lab.faults.service",
    "Proxies that behave like bad networks, for TCP and UDP.",
    "netlab-faults",
)
