"""The task ``udp-chat``."""

from __future__ import annotations

from twisted_lab.check.requirements.udp_chat import REQUIREMENTS
from twisted_lab.check.scenarios.echo_server import life
from twisted_lab.check.scenarios.udp_chat import clients, datagrams, hosts, reliability, texts
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_chat import learn_chat

_SCENARIOS = {
    "UC-1": texts.listens,
    "UC-2": texts.passes_texts_on,
    "UC-3": texts.reaches_all,
    "UC-18": hosts.serves_two_of_one_host,
    "UC-4": texts.passes_russian_on,
    "UC-5": texts.passes_1200_bytes_on,
    "UC-6": texts.names_the_speaker,
    "UC-7": datagrams.survives_an_empty_datagram,
    "UC-8": datagrams.survives_bytes_that_are_no_text,
    "UC-9": clients.survives_a_client_that_vanished,
    "UC-10": clients.lets_a_client_return,
    "UC-11": datagrams.passes_a_burst_on,
    "UC-12": life.stops_on_ctrl_c,
    "UC-13": life.waits_without_work,
    "UC-14": clients.tells_who_comes_and_leaves,
    "UC-15": clients.has_two_of_one_name,
    "UC-16": clients.hears_a_stranger,
    "UC-17": reliability.delivers_on_a_bad_network,
    "UC-19": clients.survives_a_stranger,
}

# These look at its process.
_NEED_A_START = frozenset({"UC-12", "UC-13"})

TASK = Task(
    "udp-chat", Role.SERVER, REQUIREMENTS, learn_chat, _SCENARIOS, need_a_start=_NEED_A_START
)
