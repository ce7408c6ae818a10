"""``netlab run [SERVICE] [options]``: twistd in the foreground."""

from __future__ import annotations

import sys

from twisted.scripts import twistd

from twisted_lab.command.dispatch import WRONG_USAGE, nearest
from twisted_lab.process.plugins import PREFIX, makers
from twisted_lab.text.language import _
from twisted_lab.text.printing import print_line


def main() -> None:
    """Run the service of the first argument; without one, all services in one process."""
    service, *options = sys.argv[1:] or [""]
    if not service or service.startswith("-"):
        tapname, options = "netlab", sys.argv[1:]
    else:
        tapname = PREFIX + service.removeprefix(PREFIX)
        known = makers()
        if tapname.removeprefix(PREFIX) not in known:
            print_line(
                _(
                    "netlab run: there is no service {service!r}; {advice}",
                    service=service,
                    advice=nearest(service, known),
                ),
                sys.stderr,
            )
            raise SystemExit(WRONG_USAGE)
    sys.argv[1:] = ["-n", tapname, *options]
    twistd.run()
