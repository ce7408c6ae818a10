"""A channel whose peer speaks when the test says so."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from twisted_lab.testing import ScriptedChannel


class LiveChannel(ScriptedChannel):
    """A channel whose peer speaks when the test says so."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(host=host, port=port)
        self._hearing: Deferred[str] = Deferred()

    async def hear(self) -> str:
        self._hearing = Deferred()
        return await self._hearing

    def hears(self, text: str | Exception) -> None:
        if isinstance(text, str):
            self._hearing.callback(text)
        else:
            self._hearing.errback(text)
