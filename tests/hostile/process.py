"""The attacked process: all services of netlab, and proxies of netlab-faults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from twisted.application.service import Application, IServiceCollection
from twisted.python.components import Componentized

from tests.processes import BIN, ROOT, Server, ports
from twisted_lab.faults import service as faults
from twisted_lab.services import netlab

# Options that bound a cost belong here.
MOST_PER_PEER = 50
OPTIONS = (
    *("--base-port", "0", "--interface", "127.0.0.1", "--chat-tcp-port", "0"),
    *("--chat-join-by-name", "127.0.0.0/8"),
    *("--metrics", "unix:metrics", "--log-file", "events.log"),
    # The history is larger than the default limit.
    *("--chat-history-bytes", str(2**30)),
    # A rotated log could not be measured.
    *("--log-rotate-bytes", "100000000000"),
    # The members of the crowd are silent and have 250 addresses.
    *("--idle-timeout", "3600", "--max-per-peer", str(MOST_PER_PEER)),
)
# By service of proxies, the names of its proxies and its options.
PROXIES = {
    "netlab-faults": (
        ("proxy", "held", "datagrams", "held-datagrams"),
        ("--toxic=hold,proxy=held", "--toxic=hold,proxy=held-datagrams"),
    ),
    "netlab-frames": (("frames",), ("--framing=int32",)),
}
IDLE_SECONDS = 4  # of proxies; UDP clients that have left stay until then
LIMITS = (
    f"--max-per-peer={MOST_PER_PEER}",
    "--max-connections=500",
    f"--max-held={2**23}",
    f"--idle-timeout={IDLE_SECONDS}",
)
PROGRAM = """
from tests.hostile.process import build

application = build({}, {})
"""


def build(stream: int, datagram: int) -> Componentized:
    """Build the process, whose proxies lead to the ports of a server by TCP and UDP."""
    options: Any = netlab.Options()
    options.parent = {"nodaemon": True, "pidfile": ""}  # the console gets the ports
    options.parseOptions(list(OPTIONS))
    process = netlab.makeService(options)
    for service, (names, words) in PROXIES.items():
        proxies = (
            f"--proxy={name}=udp:0:127.0.0.1:{datagram}"
            if "datagrams" in name
            else f"--proxy={name}=tcp:0:127.0.0.1:{stream}"
            for name in names
        )
        its_options = faults.Options()
        its_options.command = service
        its_options.parseOptions([*proxies, *words, *LIMITS])
        process.addService(faults.build(process, its_options))
    application: Componentized = Application("netlab")
    process.setServiceParent(IServiceCollection(application))
    return application


def start(directory: Path, stream: int, datagram: int) -> tuple[Server, dict[str, int]]:
    """Start the process; return it and the port of each service and proxy."""
    program = directory / "netlab.tac"
    program.write_text(PROGRAM.format(stream, datagram))
    server = Server(
        directory,
        command=(str(BIN / "twistd"), "-n", "-y", str(program)),
        environment={"PYTHONPATH": str(ROOT)},
    )
    found = ports(server)
    for service, (names, _) in PROXIES.items():
        pattern = re.compile(rf"\[{service}#info\] listening on \S+:(\d+)$")
        listening = (pattern.search(line) for line in server.lines)
        found.update(zip(names, (int(each[1]) for each in listening if each), strict=True))
    return server, found
