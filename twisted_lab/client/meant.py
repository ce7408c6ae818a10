"""What somebody may have meant by words that name no service."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from twisted.python.usage import UsageError

from twisted_lab.ports.addresses import host_and_port, server_port
from twisted_lab.text.language import _
from twisted_lab.text.nearest import did_you_mean


def as_options(words: Sequence[str], services: Collection[str]) -> str:
    """Return words with a host or a port, such as ``localhost 9090``, as they are to be given.

    Returns:
        The words with options, such as ``--host localhost --port 9090``; "" if they name neither.
    """
    service = [*words[:1]] if words[0] in services else []
    server = ":".join(words[len(service) :])
    try:
        if server.isdecimal():
            return " ".join([*service, f"--port {server_port(server)}"])
        host, port = host_and_port(server)
    except UsageError:
        return ""
    if port:
        return " ".join([*service, f"--host {host} --port {port}"])
    # Any other word may be a host's name, too.
    is_host = host == "localhost" or "." in host or ":" in host
    return " ".join([*service, f"--host {host}"]) if is_host else ""


def question(words: Sequence[str], services: Collection[str]) -> str:
    """Return a question that names what the words may have meant; "" if that is unclear."""
    options = as_options(words, services)
    if options:
        return _("did you mean {word}?", word=options)
    return did_you_mean(words[0], services) if len(words) == 1 else ""
