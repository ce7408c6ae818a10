"""The names for a file of own tasks, see docs/howto-add-a-task.md.

Names stay as they are while `VERSION` does; new ones may come at any time.
"""

from __future__ import annotations

from twisted_lab.check.bench import Bench
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.outcomes import Failed, Info, NotChecked, NotOffered, Weak
from twisted_lab.check.requirements.requirement import Level, Mistake, Requirement
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.client_manners import ClientManners
from twisted_lab.check.trials.learn_client import learn_client
from twisted_lab.check.trials.learn_server import learn_server, learn_start
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_client import start_client
from twisted_lab.check.trials.start_server import connect_client, reach_server, start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.check.verdicts import Difference

VERSION = 1

__all__ = [
    "VERSION",
    "Bench",
    "Catalogue",
    "Client",
    "ClientManners",
    "Difference",
    "Failed",
    "Info",
    "Level",
    "Manners",
    "Mistake",
    "NotChecked",
    "NotOffered",
    "Requirement",
    "Role",
    "Task",
    "Trial",
    "Weak",
    "connect_client",
    "learn_client",
    "learn_server",
    "learn_start",
    "reach_server",
    "start_client",
    "start_server",
]
