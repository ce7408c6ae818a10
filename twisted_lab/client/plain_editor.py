"""Line input with the terminal driver's own editing, for dumb terminals (``TERM=dumb``)."""

from __future__ import annotations

import asyncio
import os
import sys


class PlainEditor:
    """Reads lines from a dumb terminal, on which prompt_toolkit would echo secrets."""

    async def prompt_async(self, **_: object) -> str:
        """Read a line, as `prompt_toolkit.PromptSession.prompt_async` does.

        Raises:
            EOFError: The user has pressed Ctrl-D, or the terminal was closed.
        """
        sys.stdout.write("> ")
        sys.stdout.flush()
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[str] = loop.create_future()
        loop.add_reader(0, self._read, typed)
        try:
            return await typed
        finally:
            loop.remove_reader(0)

    def _read(self, typed: asyncio.Future[str]) -> None:
        try:
            data = os.read(0, 65536)
        except OSError:
            data = b""
        if typed.done():
            return
        if data:
            typed.set_result(data.decode(errors="surrogateescape").removesuffix("\n"))
        else:
            typed.set_exception(EOFError())
