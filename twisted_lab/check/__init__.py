"""Checker of other programs: `python -m twisted_lab.check`."""
