"""Options of a sample service and of twistd."""

from __future__ import annotations

from typing import ClassVar

from twisted.python.usage import Options as TwistdsOptions

from twisted_lab.serving import ServiceOptions


class SampleOptions(ServiceOptions):
    command = "netlab-sample"
    default_port = 7007


class TwistdOptions(TwistdsOptions):
    """The part of twistd's options that a service uses."""

    optFlags: ClassVar = [["nodaemon", "n", ""]]
    optParameters: ClassVar = [["pidfile", None, "twistd.pid", ""]]


def twistd_options(**values: object) -> TwistdsOptions:
    """Return twistd's options, as a service finds them in its `parent`."""
    options = TwistdsOptions()
    options.update(values)
    return options


def parse(*arguments: str) -> SampleOptions:
    options = SampleOptions()
    options.parseOptions(list(arguments))
    return options
