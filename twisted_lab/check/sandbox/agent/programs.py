"""Starts programs, each on a terminal of its own, and with the limits and rights of a sandbox."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import struct
import termios
from collections.abc import Sequence

from . import refusals, system_calls
from .messages import N_

TASKS, FILE_SIZE, CPU = resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU

_ROWS, _COLUMNS = 24, 80
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotStart(Exception):
    """A program cannot be started, for a reason in one line."""


def start(
    command: Sequence[str],
    folder: int,
    environment: dict[str, str],
    limits: dict[int, int],
    user: int | None,
) -> tuple[int, int]:
    """Start a program.

    Args:
        command: The program and its arguments.
        folder: The descriptor of its current directory.
        environment: Its environment.
        limits: Limits by their numbers in the module `resource`.
        user: The user and group that it runs as; None: the present ones.

    Returns:
        Its process id, and the descriptor of its terminal's other end.

    Raises:
        CannotStart: It cannot be executed.
    """
    terminal, own_side = os.openpty()
    fcntl.ioctl(own_side, termios.TIOCSWINSZ, struct.pack("4H", _ROWS, _COLUMNS, 0, 0))
    os.set_blocking(terminal, False)
    if user is not None:
        os.fchown(own_side, user, -1)
    reasons, failing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.login_tty(own_side)
            _give_up_rights(limits, user)
            os.fchdir(folder)
            os.execvpe(command[0], list(command), environment)  # noqa: S606 (no shell)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            os.write(failing, reason.encode()[:1000])
        finally:
            os._exit(127)
    os.close(own_side)
    os.close(failing)
    with os.fdopen(reasons, "rb") as pipe:
        reason = pipe.read().decode(errors="replace")
    if reason:
        os.close(terminal)
        os.waitpid(pid, 0)
        raise CannotStart(N_("cannot start {program}: {reason}", program=command[0], reason=reason))
    return pid, terminal


def _give_up_rights(limits: dict[int, int], user: int | None) -> None:
    # The agent ignores these, and a program would inherit that.
    for ignored in _IGNORED:
        signal.signal(ignored, signal.SIG_DFL)
    os.umask(0o022)
    for number, most in limits.items():
        hard = resource.getrlimit(number)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # One more, because at the hard limit of CPU time the kernel does not say why it kills.
        most_hard = soft + 1 if hard == resource.RLIM_INFINITY else min(soft + 1, hard)
        resource.setrlimit(number, (soft, most_hard))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    system_calls.prctl(system_calls.PR_SET_NO_NEW_PRIVS, 1)
    # It must not outlive its sandbox. Only a change of user would cancel this, so it comes last.
    system_calls.prctl(system_calls.PR_SET_PDEATHSIG, signal.SIGKILL)
    refusals.refuse()
