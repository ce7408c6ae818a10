"""The network-programming lab as Twisted services."""

import os
import sys
from contextlib import suppress
from importlib.util import find_spec

from twisted_lab.memory import hook_for

__version__ = "0.2.0.dev0"

PROGRAMS = ("accounts", "check", "client", "control", "faults", "show")  # python -m twisted_lab.X
# `twisted.internet` rather than `twisted`: a checkout has a folder `twisted`, with the plugins.
_NEEDED = (
    "twisted.internet",
    "argon2",
    "cryptography",
    "dbxs",
    "OpenSSL",
    "platformdirs",
    "prometheus_client",
    "prompt_toolkit",
    "service_identity",
)


def _is_missing(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:  # the parent package is missing
        return True


# With ``-m`` Python searches the current directory first, where a student may have a socket.py.
# Our programs remove that directory from the path before they import anything else; a student's
# program keeps it. While Python looks for the module, sys.argv[0] is "-m", and in sys.orig_argv the
# module's name comes just before the arguments.
if sys.argv[:1] == ["-m"] and (
    _program := sys.orig_argv[-len(sys.argv)].removesuffix(".__main__")
).endswith(tuple(f"twisted_lab.{name}" for name in PROGRAMS)):
    hook_for(_program)
    with suppress(OSError):  # The directory was removed; then Python has not added it.
        if sys.path[0] == os.getcwd():  # noqa: PTH109 (pathlib imports many modules)
            del sys.path[0]
    for _module in _NEEDED:
        if _is_missing(_module):
            from pathlib import Path

            _folder = Path(__file__).resolve().parents[1]
            raise SystemExit(
                f"No module named {_module.partition('.')[0]!r} for this Python; `make run` sets "
                f"up one that has all modules: {_folder / '.venv/bin/python'} "
                f"-m twisted_lab.{_program.rpartition('.')[2]}. Without make, "
                f"`python -m pip install .` in {_folder} installs them."
            )
