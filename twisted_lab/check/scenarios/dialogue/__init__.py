"""The task ``dialogue``."""

from __future__ import annotations

from twisted_lab.check.requirements.dialogue import REQUIREMENTS
from twisted_lab.check.scenarios.dialogue import exchanges, people
from twisted_lab.check.scenarios.echo_server import ports
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_dialogue import learn_dialogue

_SCENARIOS = {
    "DG-1": ports.listens,
    "DG-2": exchanges.answers,
    "DG-3": exchanges.answers_another,
    "DG-4": exchanges.goes_on,
    "DG-5": exchanges.takes_a_cut_letter,
    "DG-6": exchanges.takes_two_without_waiting,
    "DG-7": people.passes_on_what_is_typed,
    "DG-8": people.serves_the_next,
    "DG-9": people.outlives_exit,
    "DG-10": people.keeps_two_apart,
    "DG-11": people.survives_a_reset,
    "DG-12": people.takes_lines,
}

TASK = Task(
    "dialogue",
    Role.SERVER,
    REQUIREMENTS,
    learn_dialogue,
    _SCENARIOS,
    need_a_start=frozenset({"DG-7"}),  # its operator's terminal is not seen
)
