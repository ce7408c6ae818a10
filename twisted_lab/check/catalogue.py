"""All tasks that can be checked, and their requirements by id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.scenarios import (
    authentication,
    dialogue,
    echo_client,
    echo_server,
    identification,
    length_header,
    udp_chat,
    udp_chat_client,
)
from twisted_lab.check.task import Scenario, Task
from twisted_lab.text.language import _

BUILT_IN = (
    echo_server.TASK,
    echo_client.TASK,
    identification.TASK,
    authentication.TASK,
    length_header.TASK,
    dialogue.TASK,
    udp_chat.TASK,
    udp_chat_client.TASK,
)
_ID = re.compile("[A-Z]{2,4}-[0-9]{1,3}")


class Catalogue:
    """All tasks that can be checked.

    Args:
        tasks: The tasks.

    Attributes:
        tasks: The tasks by their names, in their order.
        requirements: All requirements by their ids.

    Raises:
        ValueError: They do not fit together, see `add`.
    """

    def __init__(self, tasks: Iterable[Task] = BUILT_IN) -> None:
        self.tasks: dict[str, Task] = {}
        self.requirements: dict[str, Requirement] = {}
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Add a task.

        Raises:
            ValueError: Its name or the id of a requirement is taken, or a part of it is missing.
        """
        if task.name in self.tasks:
            raise ValueError(_("a task {name} exists already", name=task.name))
        self.tasks[task.name] = replace(task, requirements=())
        for requirement in task.requirements:
            self.extend(task.name, requirement, task.scenarios.get(requirement.id))

    def extend(self, name: str, requirement: Requirement, scenario: Scenario[Any] | None) -> None:
        """Add a requirement to a task.

        Args:
            name: The name of the task.
            requirement: The requirement.
            scenario: How it is checked.

        Raises:
            ValueError: There is no such task, the id is taken or has another form, something that
                the requirement needs does not come before it, or it has no scenario.
        """
        if name not in self.tasks:
            raise ValueError(_("there is no task {name}", name=name))
        task, key = self.tasks[name], requirement.id
        if not _ID.fullmatch(key):
            raise ValueError(_("an id is like AB-7, not {id}", id=key))
        if key in self.requirements:
            raise ValueError(_("a requirement {id} exists already", id=key))
        if scenario is None:
            raise ValueError(_("{id} has no scenario", id=key))
        missing = set(requirement.needs) - {each.id for each in task.requirements}
        if missing:
            raise ValueError(
                _("{id} needs {other}, which must come before it", id=key, other=min(missing))
            )
        self.requirements[key] = requirement
        self.tasks[name] = replace(
            task,
            requirements=(*task.requirements, requirement),
            scenarios={**task.scenarios, key: scenario},
        )
