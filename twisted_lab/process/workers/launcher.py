"""Launcher of worker processes: their command, environment and file descriptors."""

from __future__ import annotations

import os
import signal
import sys

from twisted_lab.eventlog.options import twistd_keeps_a_log
from twisted_lab.interfaces import Reactor
from twisted_lab.ports.listening import ADOPTED
from twisted_lab.process.process_options import current_directory
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.workers.shared_socket import SharedSocket
from twisted_lab.process.workers.worker_process import (
    HELD_SIGNALS,
    LOG,
    OUTCOME,
    START,
    Supervisor,
    WorkerProcess,
)


class Launcher:
    """Starts the worker processes of a service.

    Args:
        reactor: Spawns the processes.
        options: The options of the service; its workers get the same.
        socket: The listening socket from which the workers accept connections.
    """

    def __init__(self, reactor: Reactor, options: ServiceOptions, socket: SharedSocket) -> None:
        self._reactor = reactor
        self._socket = socket
        self._command = [
            *(sys.executable, "-P", "-c", START, type(reactor).__module__),
            *("twistd" if twistd_keeps_a_log(options.parent or {}) else "", options.command),
            *options.arguments,
            # A daemon has a log file by default, but a worker does not know that it belongs to one.
            *([f"--log-file={options.log_file}"] if options.log_file else []),
        ]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        # Relative paths must mean the same to the workers, but a daemon may change its directory.
        self._directory = current_directory()

    def start(self, supervisor: Supervisor, number: int, deaths: int) -> WorkerProcess:
        """Start a worker.

        Args:
            supervisor: See `WorkerProcess`.
            number: See `WorkerProcess`.
            deaths: See `WorkerProcess`.

        Raises:
            OSError: The process cannot be started.
        """
        outcome, to_outcome = os.pipe()
        worker = WorkerProcess(supervisor, self._reactor, deaths, outcome, number)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
        try:
            # Its standard input ends when the worker has to stop, or when this process dies.
            self._reactor.spawnProcess(
                worker,
                sys.executable,
                self._command,
                self._environment,
                # If the user has no access to the directory, no file name can refer to it.
                self._directory if os.access(self._directory or "", os.X_OK) else None,
                childFDs={
                    **{0: "w", 1: 1, 2: 2, LOG: "r"},
                    **{ADOPTED: self._socket.fileno(), OUTCOME: to_outcome},
                },
            )
        except OSError:
            os.close(outcome)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(to_outcome)
        return worker
