"""The tasks that can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twisted_lab.check.requirements import echo_client, echo_server
from twisted_lab.check.requirements.requirement import Requirement

TASKS: Mapping[str, tuple[Requirement, ...]] = MappingProxyType(
    {"echo-server": echo_server.REQUIREMENTS, "echo-client": echo_client.REQUIREMENTS}
)
BY_ID: Mapping[str, Requirement] = MappingProxyType(
    {each.id: each for requirements in TASKS.values() for each in requirements}
)
