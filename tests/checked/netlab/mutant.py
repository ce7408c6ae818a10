"""Starts a service, after something in its modules was replaced."""

from __future__ import annotations

import runpy
import sys


def run(service: str) -> None:
    """Start a service as ``twistd`` does, with the options of this process."""
    sys.argv = ["twisted", f"netlab-{service}", *sys.argv[1:]]
    runpy.run_module("twisted", run_name="__main__")
