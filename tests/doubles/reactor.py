"""A reactor that tests start and stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.testing import MemoryReactorClock


class FakeReactor(MemoryReactorClock):
    """A reactor that can be started, called from signal handlers, and stopped."""

    stopped = False

    def callFromThread(self, action: Callable[[], object]) -> None:
        action()

    def stop(self) -> None:
        self.stopped = True

    def start(self) -> None:
        for action, arguments, keywords in self.whenRunningHooks:
            action(*arguments, **keywords)
        self.hasRun = True

    def callWhenRunning(self, action: Callable[..., object], *arguments: Any) -> None:  # type: ignore[override]
        if self.hasRun:
            action(*arguments)
        else:
            super().callWhenRunning(action, *arguments)
