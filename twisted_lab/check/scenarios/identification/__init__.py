"""The task ``identification``."""

from __future__ import annotations

from twisted_lab.check.requirements.identification import REQUIREMENTS
from twisted_lab.check.scenarios.identification import files, names, visitors
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_identity import learn_identity

_SCENARIOS = {
    "ID-1": visitors.asks_an_unknown_client,
    "ID-2": visitors.greets_by_name,
    "ID-3": visitors.asks_once,
    "ID-4": visitors.asks_another_address,
    "ID-5": visitors.keeps_two_names,
    "ID-6": files.keeps_names_over_a_restart,
    "ID-7": visitors.survives_one_that_leaves,
    "ID-8": names.keeps_cyrillic_letters,
    "ID-9": names.takes_a_name_in_two_segments,
    "ID-10": names.keeps_separators_apart,
    "ID-11": names.survives_an_empty_name,
    "ID-12": visitors.serves_two_at_once,
    "ID-13": files.starts_without_its_file,
    "ID-14": files.starts_with_a_damaged_file,
    "ID-15": names.tells_the_longest_name,
}

# A server that runs may know the addresses from which the checker comes.
TASK = Task(
    "identification",
    Role.SERVER,
    REQUIREMENTS,
    learn_identity,
    _SCENARIOS,
    need_a_start=frozenset(_SCENARIOS),
)
