"""The agent: makes a sandbox, and then does in it what the checker asks for.

Requests and answers are JSON, one in each packet of a Unix socket. Answers may bring descriptors.
When the socket ends, all programs end, and with them the sandbox.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from typing import Any

from . import folder, namespaces, programs
from .inside import Inside
from .messages import N_
from .system_calls import reason_of
from .watching import MachineFull

_LONGEST = 1 << 20
_LOOK_EACH = 100  # ms


def main(descriptor: int) -> None:
    """Serve the checker, which has the other end of the socket `descriptor`."""
    os.set_inheritable(descriptor, False)
    control = socket.socket(fileno=descriptor)
    # A program of the same user may send these; SIGKILL does not reach the first process.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    request = json.loads(control.recv(_LONGEST))
    try:
        # Found first, because the agent's own rights end with a namespace of users.
        user = namespaces.unprivileged_user()
        if request["isolated"]:
            _enter_namespaces(user)
            if first := os.fork():
                # It stays as a parent: Linux may let the checker look only at its descendants.
                control.close()
                os.waitpid(first, 0)
                return
        inside = Inside(request, user)
    except namespaces.NotAllowed as error:
        _answer(control, {"error": reason_of(error), "not_allowed": True})
        return
    except folder.TooLarge as error:
        _answer(control, {"error": error.about(request["folder"])})
        return
    except OSError as error:
        _answer(control, {"error": reason_of(error)})
        return
    _answer(control, {"lacks": inside.lacks})
    try:
        _serve(control, inside)
    except MachineFull as error:
        inside.watch.end_all()
        _answer(control, {"error": reason_of(error)})
    inside.watch.end_all()


def _enter_namespaces(user: int | None) -> None:
    if user is None and not os.geteuid():
        # It would keep all rights in the namespaces.
        raise namespaces.NotAllowed(N_("root has no other user here to run programs as"))
    try:
        namespaces.enter()
    except OSError as error:
        raise namespaces.NotAllowed(reason_of(error)) from error


def _serve(control: socket.socket, inside: Inside) -> None:
    """Do what is asked for, until the checker closes its end."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        is_asked = poll.poll(_LOOK_EACH)
        inside.watch.reap()
        inside.watch.look()
        if not is_asked:
            continue
        packet = control.recv(_LONGEST)
        if not packet:
            return
        fields = json.loads(packet)
        try:
            answer, descriptors = getattr(inside, f"do_{fields.pop('do')}")(**fields)
        except (OSError, programs.CannotStart) as error:
            answer, descriptors = {"error": reason_of(error)}, ()
        _answer(control, answer, descriptors)


def _answer(
    control: socket.socket, fields: dict[str, Any], descriptors: tuple[int, ...] = ()
) -> None:
    socket.send_fds(control, [json.dumps(fields).encode()], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
