"""A chat room of several nodes, which share one PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doubles.postgresql import PostgreSQL
from tests.integration.test_chat import RoomClient, chat, order

pytestmark = pytest.mark.xdist_group("postgresql")


def test_a_client_moves_from_a_node_that_drains(tmp_path: Path, postgresql: PostgreSQL) -> None:
    with postgresql.new_database() as address, ExitStack() as stack:
        controls = [f"unix:{tmp_path}/{number}" for number in range(2)]
        nodes = [
            stack.enter_context(chat(tmp_path, 0, "--history", address, "--control", control))
            for control in controls
        ]
        ports = [node.wait_for_port() for node in nodes]
        hosts = [f"127.0.0.1:{port}" for port in ports]
        boris = stack.enter_context(RoomClient(ports[1], "Boris"))
        boris.wait_for(r"^\* welcome, Boris;")
        anna = stack.enter_context(RoomClient(ports[0], "Anna", None, "--host", hosts[1]))
        texts = [str(number) for number in range(20)]
        anna.say("".join(f"{text}\n" for text in texts))  # More than the rate limit lets through.
        boris.wait_for("^Anna: 0$")
        order(controls[0], "drain")
        assert nodes[0].wait() == 0
        anna.wait_for(f"moved to {hosts[1]}$")
        assert anna.end() == 0, anna.lines
        boris.wait_for(r"^\* Anna has left$")
        assert boris.end() == 0, boris.lines
        assert boris.heard("Anna") == anna.heard("Anna") == texts
