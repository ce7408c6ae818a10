"""The profile ``netlab``: services that follow docs/protocols.md, such as our own."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from twisted_lab.check.bench import Bench
from twisted_lab.check.profiles.netlab.requirements import auth as auth_requirements
from twisted_lab.check.profiles.netlab.requirements import broadcast as broadcast_requirements
from twisted_lab.check.profiles.netlab.requirements import chat as chat_requirements
from twisted_lab.check.profiles.netlab.requirements import echo as echo_requirements
from twisted_lab.check.profiles.netlab.requirements import ident as ident_requirements
from twisted_lab.check.profiles.netlab.requirements import messages as messages_requirements
from twisted_lab.check.profiles.netlab.scenarios import (
    account,
    auth,
    broadcast,
    chat,
    coming_back,
    datagrams,
    echo,
    headers,
    ident,
    messages,
    reliable,
    text,
)
from twisted_lab.check.profiles.netlab.scenarios.room import in_room
from twisted_lab.check.profiles.netlab.talk.lab import LabScenario, scenario
from twisted_lab.check.profiles.netlab.talk.services import Services
from twisted_lab.check.profiles.profile import Profile
from twisted_lab.check.requirements.requirement import Requirement
from twisted_lab.check.task import Role, Task

# -P: the current folder may have modules with the names of ours.
COMMAND = (
    *(sys.executable, "-P", "-m", "twisted", "netlab-{service}"),
    *("--interface", "127.0.0.1", "--port", "{port}", "--strict-port", "{options}"),
)


async def _learn(bench: Bench) -> Services:
    return Services(bench, COMMAND)


def _task(
    name: str, requirements: tuple[Requirement, ...], scenarios: Mapping[str, LabScenario]
) -> Task:
    judged = {key: scenario(each) for key, each in scenarios.items()}
    return Task(name, Role.SERVER, requirements, _learn, judged)


_IN_ROOM = chat.SCENARIOS | datagrams.SCENARIOS | reliable.SCENARIOS | coming_back.SCENARIOS
TASKS = (
    _task("netlab-echo", echo_requirements.REQUIREMENTS, echo.SCENARIOS),
    _task(
        "netlab-messages",
        messages_requirements.REQUIREMENTS,
        messages.SCENARIOS | text.SCENARIOS | headers.SCENARIOS,
    ),
    _task("netlab-broadcast", broadcast_requirements.REQUIREMENTS, broadcast.SCENARIOS),
    _task("netlab-ident", ident_requirements.REQUIREMENTS, ident.SCENARIOS),
    _task(
        "netlab-chat",
        chat_requirements.REQUIREMENTS,
        {key: in_room(each) for key, each in _IN_ROOM.items()},
    ),
    _task("netlab-auth", auth_requirements.REQUIREMENTS, auth.SCENARIOS | account.SCENARIOS),
)
_WHOLE = Task(
    "netlab",
    Role.SERVER,
    tuple(each for task in TASKS for each in task.requirements),
    _learn,
    {key: each for task in TASKS for key, each in task.scenarios.items()},
)
_EXAMPLE = (
    "python -m twisted_lab.check --profile netlab netlab-ident -- "
    "./ident {port} {framing} {options}"
)
PROFILE = Profile(TASKS, _WHOLE, COMMAND, _EXAMPLE)
