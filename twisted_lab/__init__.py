"""The network-programming lab as Twisted services."""

import os
import sys
from contextlib import suppress
from importlib import import_module

from twisted_lab.memory import hook_for

__version__ = "0.1.0"

_PROGRAMS = ("twisted_lab.accounts", "twisted_lab.client", "twisted_lab.control")

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
    try:
        import_module("twisted.internet")
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"{error} for this Python; `make run` sets up one that has all modules: "
            f".venv/bin/python -m twisted_lab.{_program.rpartition('.')[2]}"
        ) from None
