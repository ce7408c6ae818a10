"""The network-programming lab as Twisted services."""

import os
import sys
from contextlib import suppress
from importlib.util import find_spec

from twisted_lab.memory import hook_for

__version__ = "0.1.0"

_PROGRAMS = ("twisted_lab.accounts", "twisted_lab.client", "twisted_lab.control")
# In a checkout `twisted` alone is found: the folder of the plugins.
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
    except ModuleNotFoundError:  # The package of a module in a package.
        return True


# With ``-m`` Python looks for modules in the current directory first, where a student's own
# socket.py may be. Our programs do without it, before they import anything; a student's program
# keeps it. While Python looks for the module, argv[0] is "-m", and its name comes before argv[1:].
if sys.argv[:1] == ["-m"] and (
    _program := sys.orig_argv[-len(sys.argv)].removesuffix(".__main__")
).endswith(_PROGRAMS):
    hook_for(_program)
    with suppress(OSError):  # The directory is removed, and Python has not added it.
        if sys.path[0] == os.getcwd():  # noqa: PTH109 (pathlib imports much)
            del sys.path[0]
    for _module in _NEEDED:
        if _is_missing(_module):
            from pathlib import Path

            _python = Path(__file__).resolve().parents[1] / ".venv/bin/python"
            raise SystemExit(
                f"No module named {_module.partition('.')[0]!r} for this Python; `make run` sets "
                f"up one that has all modules: {_python} "
                f"-m twisted_lab.{_program.rpartition('.')[2]}"
            )
