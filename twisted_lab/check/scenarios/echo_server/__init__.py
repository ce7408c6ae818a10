"""The task ``echo-server``."""

from __future__ import annotations

from twisted_lab.check.requirements.echo_server import REQUIREMENTS
from twisted_lab.check.scenarios.echo_server import clients, events, life, ports, texts
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_server import learn_server

_SCENARIOS = {
    "ES-1": ports.listens,
    "ES-2": texts.returns_a_text,
    "ES-3": texts.returns_many,
    "ES-4": texts.returns_5000_bytes,
    "ES-5": texts.returns_100000_bytes_to_a_slow_reader,
    "ES-6": texts.returns_all_bytes,
    "ES-7": texts.returns_single_bytes,
    "ES-8": texts.returns_a_split_letter,
    "ES-9": texts.returns_cyrillic_letters,
    "ES-10": texts.answers_after_half_close,
    "ES-11": clients.serves_the_next,
    "ES-12": clients.survives_a_reset,
    "ES-13": clients.survives_connect_and_leave,
    "ES-14": clients.serves_two_at_once,
    "ES-15": clients.survives_a_client_that_does_not_read,
    "ES-16": ports.restarts_at_once,
    "ES-17": ports.takes_another_port,
    "ES-18": ports.prints_the_other_port,
    "ES-19": events.reports_events,
    "ES-20": ports.uses_the_port_it_is_told,
    "ES-21": ports.has_a_default,
    "ES-22": ports.survives_nonsense,
    "ES-23": life.stops_on_ctrl_c,
    "ES-24": life.waits_without_work,
    "ES-25": ports.speaks_ipv6,
    "ES-26": events.keeps_a_log_file,
    "ES-27": events.writes_the_log_at_once,
    "ES-28": texts.tells_its_manners,
}

# These start the server several times, or look at its terminal, its files or its process.
_NEED_A_START = frozenset(f"ES-{number}" for number in range(16, 28))

TASK = Task(
    "echo-server",
    Role.SERVER,
    REQUIREMENTS,
    learn_server,
    _SCENARIOS,
    need_a_start=_NEED_A_START,
    may_pass_alone=frozenset({"ES-12"}),  # a server may go on after an exception alone
)
