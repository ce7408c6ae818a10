"""Learning how a server holds a dialogue: what it asks before it answers messages."""

from __future__ import annotations

from dataclasses import replace

from twisted_lab.check.bench import Bench
from twisted_lab.check.conversation.login import asks_for_login, reply_to
from twisted_lab.check.outcomes import Outcome
from twisted_lab.check.trials.learn_server import MOST_MESSAGES, learn_server
from twisted_lab.check.trials.learn_visits import learn_told
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, reach_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _


async def learn_dialogue(bench: Bench) -> Manners:
    """Return the manners of a server, also of one that answers and does not echo."""
    manners = await learn_server(bench)
    if manners.is_echo or not manners.port:
        return manners
    if not manners.framing.size and (told := await learn_told(bench, manners)):
        manners = replace(manners, framing=told)
    trial = Trial(bench, "dialogue")
    try:
        client = await connect_client(trial, await reach_server(trial, manners), manners)
        await client.settle()
        greets, login = bool(client.heard), 0
        while asks_for_login(client.heard) and login < MOST_MESSAGES:
            client.say(reply_to(client.heard, "anna1", login))
            await client.settle()
            login += 1
    except Outcome:
        return manners
    finally:
        trial.close()
    lines = [_("It speaks first.")] if greets else []
    return replace(manners, greets=greets, login=login, behaviour=(*manners.behaviour, *lines))
