"""The task ``length-header``."""

from __future__ import annotations

from twisted_lab.check.requirements.length_header import REQUIREMENTS
from twisted_lab.check.scenarios.echo_server import ports
from twisted_lab.check.scenarios.length_header import clients, messages, sources
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_server import learn_server

_SCENARIOS = {
    "LN-1": ports.listens,
    "LN-2": messages.goes_both_ways,
    "LN-3": messages.takes_several,
    "LN-4": messages.takes_a_header_in_pieces,
    "LN-5": messages.takes_a_text_in_pieces,
    "LN-6": messages.takes_several_at_once,
    "LN-7": messages.takes_5000_bytes,
    "LN-8": messages.takes_64_kib,
    "LN-9": messages.takes_non_ascii,
    "LN-10": clients.serves_the_next,
    "LN-11": messages.takes_an_empty_one,
    "LN-12": clients.survives_a_cut_message,
    "LN-13": clients.takes_no_half_message,
    "LN-14": clients.survives_an_absurd_length,
    "LN-15": clients.survives_a_header_without_a_number,
    "LN-16": sources.extends_socket,
    "LN-17": clients.ends_at_a_word,
}

TASK = Task(
    "length-header",
    Role.SERVER,
    REQUIREMENTS,
    learn_server,
    _SCENARIOS,
    need_a_start=frozenset({"LN-16"}),  # its sources are not seen
)
