"""The start of a worker process: its command, its environment and its descriptors."""

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
    """Starts processes that serve on one socket, as the options of their service say.

    Args:
        reactor: Starts processes.
        options: The service's; the workers are given the same.
        socket: The workers accept connections from it.
    """

    def __init__(self, reactor: Reactor, options: ServiceOptions, socket: SharedSocket) -> None:
        self._reactor = reactor
        self._socket = socket
        self._command = [
            *(sys.executable, "-P", "-c", START, type(reactor).__module__),
            *("twistd" if twistd_keeps_a_log(options.parent or {}) else "", options.command),
            *options.arguments,
            # A daemon has a log file even if none was asked for.
            *([f"--log-file={options.log_file}"] if options.log_file else []),
        ]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        # Names of files are to mean the same to them; a daemon may go elsewhere.
        self._directory = current_directory()

    def start(self, supervisor: Supervisor, number: int, deaths: int) -> WorkerProcess:
        """Start a process.

        Args:
            supervisor: See `WorkerProcess`.
            number: See `WorkerProcess`.
            deaths: See `WorkerProcess`.

        Raises:
            OSError: It cannot be started.
        """
        outcome, to_outcome = os.pipe()
        worker = WorkerProcess(supervisor, self._reactor, deaths, outcome, number)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
        try:
            # Its standard input ends when it is to stop, or when this process has died.
            self._reactor.spawnProcess(
                worker,
                sys.executable,
                self._command,
                self._environment,
                # The user of the process may not enter it; then no file name can refer to it.
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
