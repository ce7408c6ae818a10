"""The task ``echo-client``."""

from __future__ import annotations

from twisted_lab.check.requirements.echo_client import REQUIREMENTS
from twisted_lab.check.scenarios.echo_client import addresses, endings, lines, screen
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_client import learn_client

_SCENARIOS = {
    "EC-1": addresses.connects,
    "EC-2": lines.sends_a_line,
    "EC-3": lines.shows_the_reply,
    "EC-4": lines.shows_pieces,
    "EC-5": lines.sends_a_long_line,
    "EC-6": lines.sends_several_lines,
    "EC-7": endings.ends_at_exit,
    "EC-8": endings.ends_at_end_of_input,
    "EC-9": endings.tells_that_the_server_closed,
    "EC-10": endings.tells_that_nobody_listens,
    "EC-11": endings.tells_what_silence_does,
    "EC-12": addresses.asks_for_the_address,
    "EC-13": addresses.has_defaults,
    "EC-14": addresses.survives_nonsense,
    "EC-15": lines.sends_other_letters,
    "EC-16": screen.reports_events,
    "EC-17": screen.escapes_control_characters,
    "EC-18": screen.tells_its_manners,
    "EC-19": lines.shows_a_split_letter,
}

TASK = Task("echo-client", Role.CLIENT, REQUIREMENTS, learn_client, _SCENARIOS)
