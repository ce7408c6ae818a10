"""Entry point of ``python -m twisted_lab.control``, the client of the control channel."""

from __future__ import annotations

from twisted_lab.operations import control_client


def main() -> None:
    """Send the command line's command."""
    options = control_client.ControlOptions()
    options.parseOptions()
    from twisted.internet.task import react

    react(control_client.main, (options,))


if __name__ == "__main__":
    main()
