"""The task ``udp-chat-client``."""

from __future__ import annotations

from functools import partial
from socket import SocketKind

from twisted_lab.check.requirements.udp_chat_client import REQUIREMENTS
from twisted_lab.check.scenarios.udp_chat_client import datagrams, endings
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_client import learn_client

_SCENARIOS = {
    "UD-1": datagrams.sends_datagrams,
    "UD-2": datagrams.sends_a_line,
    "UD-3": datagrams.shows_the_reply,
    "UD-4": datagrams.shows_what_others_say,
    "UD-5": datagrams.shows_other_letters,
    "UD-6": datagrams.survives_bytes_that_are_no_text,
    "UD-7": endings.tells_how_it_ends,
    "UD-8": endings.tells_its_port,
}

TASK = Task(
    "udp-chat-client",
    Role.CLIENT,
    REQUIREMENTS,
    partial(learn_client, kind=SocketKind.SOCK_DGRAM),
    _SCENARIOS,
)
