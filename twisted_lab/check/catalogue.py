"""All tasks that can be checked, and their requirements by id."""

from __future__ import annotations

from collections.abc import Iterable

from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.scenarios import dialogue, echo_client, echo_server, length_header
from twisted_lab.check.task import Task

BUILT_IN = (echo_server.TASK, echo_client.TASK, length_header.TASK, dialogue.TASK)


class Catalogue:
    """All tasks that can be checked.

    Args:
        tasks: The tasks.

    Attributes:
        tasks: The tasks by their names, in their order.
        requirements: All requirements by their ids.

    Raises:
        ValueError: Two tasks have one name, or two requirements one id.
    """

    def __init__(self, tasks: Iterable[Task] = BUILT_IN) -> None:
        self.tasks: dict[str, Task] = {}
        self.requirements: dict[str, Requirement] = {}
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Add a task.

        Raises:
            ValueError: Its name, or the id of a requirement, is taken.
        """
        taken = {task.name} & set(self.tasks) or {
            each.id for each in task.requirements if each.id in self.requirements
        }
        if taken:
            raise ValueError(f"{min(taken)} exists already")
        self.tasks[task.name] = task
        self.requirements.update({each.id: each for each in task.requirements})
