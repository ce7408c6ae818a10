"""Entry point of ``python -m twisted_lab.control``, the client of the control channel."""

from __future__ import annotations

import sys

from twisted_lab.operations.control_client import ControlOptions, main

if __name__ == "__main__":
    parsed = ControlOptions()
    parsed.parseOptions(sys.argv[1:])
    from twisted.internet.task import react

    react(main, (parsed,))
