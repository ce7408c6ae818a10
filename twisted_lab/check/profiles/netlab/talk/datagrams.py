"""A peer that sends and receives datagrams."""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress

from twisted_lab.check.outcomes import Failed
from twisted_lab.check.profiles.netlab.talk.party import shown
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference
from twisted_lab.text.language import _

_MOST_BYTES = 4_096  # of each; servers send 1,200
_MOST_DATAGRAMS = 1_000
_ANSWER_SECONDS = 1.0  # the kernel does not show that a server of datagrams has timers


class DatagramParty:
    """A peer with a UDP socket.

    Args:
        trial: Notes what is said.
        server: The server; its UDP port has the same number as its TCP port.
        source: The address from which it sends.
        name: Its name, for people.
    """

    def __init__(self, trial: Trial, server: StartedServer, source: str, name: str) -> None:
        self._trial = trial
        self._server = server
        self._name = name
        self._arrived: deque[bytes] = deque()
        self._socket = server.sandbox.make_socket(socket.AF_INET, socket.SOCK_DGRAM)
        trial.on_close(self._socket.close)
        self._socket.bind((source, 0))
        self._socket.connect((server.host, server.port))

    def send(self, data: bytes) -> None:
        """Send a datagram."""
        self._trial.step(_("{name} sends {data}", name=self._name, data=shown(data)))
        self._trial.sent(self._name, _("server"), True, data)
        self._server.program.poked()
        with suppress(OSError):
            self._socket.send(data)

    def say(self, text: str) -> None:
        """Send a text."""
        self.send(text.encode())

    async def hear(self, seconds: float = _ANSWER_SECONDS) -> bytes | None:
        """Return the next datagram; None if there is none, for at least some seconds."""
        if not await self._trial.activity.until(self._has_datagram, seconds):
            await self._server.program.until(self._has_datagram, self._trial.bench.patience)
        if not self._arrived:
            return None
        data = self._arrived.popleft()
        self._trial.sent(self._name, _("server"), False, data)
        return data

    def _has_datagram(self) -> bool:
        with suppress(OSError):  # none is there, or the server has closed its port
            while len(self._arrived) < _MOST_DATAGRAMS:
                self._arrived.append(self._socket.recv(_MOST_BYTES))
        return bool(self._arrived)

    async def expect(self, *texts: str) -> None:
        """See that texts come next, each in a datagram of its own.

        Raises:
            Failed: Other ones come, or none.
        """
        for text in texts:
            expected = f"{text}\n".encode()
            self._trial.step(_("{name} receives {data}", name=self._name, data=shown(expected)))
            found = await self.hear()
            if found != expected:
                note = _("Nothing came.") if found is None else _("Another datagram came.")
                raise Failed(note, difference=Difference(expected, found or b""))

    async def expect_start(self, start: str) -> str:
        """See that a text comes next that begins as told, and return it."""
        self._trial.step(_('{name} receives "{start}..."', name=self._name, start=start))
        found = await self.hear()
        if found is None or not found.startswith(start.encode()):
            note = _("Nothing came.") if found is None else _("Another datagram came.")
            raise Failed(note, difference=Difference(start.encode(), found or b""))
        return found.decode(errors="replace").removesuffix("\n")

    async def expect_silence(self) -> None:
        """See that the server waits, and has sent nothing more."""
        self._trial.step(_("{name} receives nothing more", name=self._name))
        await self._server.program.settle(self._trial.bench.patience)
        if self._has_datagram():
            note = _("The server sent more than it should.")
            raise Failed(note, difference=Difference(b"", self._arrived[0]))
