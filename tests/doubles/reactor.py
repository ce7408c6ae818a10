"""A reactor that tests start and stop."""

from __future__ import annotations

from typing import Any, NoReturn

from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer

from twisted_lab.interfaces import Reactor


@implementer(Reactor)
class FakeReactor(MemoryReactorClock):
    """A reactor that can be started, called from signal handlers, and stopped."""

    stopped = False

    def callFromThread(self, *call: Any, **keywords: object) -> None:
        action, *arguments = call
        action(*arguments, **keywords)

    def stop(self) -> None:
        self.stopped = True

    def start(self) -> None:
        for action, arguments, keywords in self.whenRunningHooks:
            action(*arguments, **keywords)
        self.hasRun = True

    def spawnProcess(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def listenUDP(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError

    def callInThread(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError

    def getThreadPool(self) -> NoReturn:
        raise NotImplementedError

    def suggestThreadPoolSize(self, size: int) -> NoReturn:
        raise NotImplementedError
