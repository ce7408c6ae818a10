"""Learning, from visits, how a server that asks people puts messages on the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.framings import LINES, RAW, Framing, told_framing
from twisted_lab.check.outcomes import Outcome
from twisted_lab.check.trials.learn_server import learn_server, learn_start
from twisted_lab.check.trials.server_manners import NEW_SOURCE, Manners
from twisted_lab.check.trials.start_server import connect_client, reach_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.trials.visits import House


class Asking(Protocol):
    """What visits tell about a server."""

    @property
    def asks(self) -> bool:
        """Whether it asks its visitors for what the task is about."""

    @property
    def is_understood(self) -> bool:
        """Whether it treated the answers as the task wants."""


Found = TypeVar("Found", bound=Asking)


async def learn_told(bench: Bench, start: Manners) -> Framing | None:
    """Return the framing that a server shows by its greeting, if it does.

    Args:
        bench: What all trials share.
        start: How it is started.
    """
    trial = Trial(bench, "greeting")
    try:
        client = await connect_client(trial, await reach_server(trial, start), start)
        await client.settle()
        return told_framing(client.heard)
    except Outcome:
        return None
    finally:
        trial.close()


async def learn_visits(
    bench: Bench,
    make: Callable[[Manners], Found],
    visit: Callable[[House, Manners], Awaitable[Found]],
) -> tuple[Found, Manners | None]:
    """Return what visits tell, and how the server was talked to when an exception ended it.

    The visits are in the framing in which the server understands them. The second is None if it
    understands one, or no exception ended it; else `crash` is the last line of its traceback.

    Args:
        bench: What all trials share.
        make: Returns what is known without a visit.
        visit: Makes the visits to a house.
    """
    if bench.address:
        return make(Manners(port=bench.address[1])), None
    start = await learn_start(bench, Manners())
    best = make(start)
    may_want_header = False
    crashed: Manners | None = None
    framings: list[Framing] = [RAW, LINES] if start.port else []
    if start.port and (told := await learn_told(bench, start)):
        framings.insert(0, told)
    for framing in framings:
        trial = Trial(bench, "visits")
        manners = replace(start, framing=framing, source=NEW_SOURCE)
        house = House(trial, manners)
        try:
            await house.open()
            found = await visit(house, manners)
            if found.is_understood:
                return found, None
            if found.asks and not best.asks:
                best = found
            may_want_header |= found.asks
        except Outcome:
            may_want_header = True
        finally:
            trial.close()
        if house.crash and not crashed:
            crashed = replace(manners, crash=house.crash)
        if framing is LINES and may_want_header:
            header = (await learn_server(bench)).framing
            framings += [header] if header not in framings else []
    return best, crashed
