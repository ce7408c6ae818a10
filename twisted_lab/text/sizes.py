"""Sizes as people read them."""

from __future__ import annotations

from twisted_lab.text.language import N_, Message

KIB = 2**10
MIB = 2**20


def size(count: int) -> Message:
    """Return a number of bytes as a text: in MiB or KiB where that is exact, such as 64 MiB."""
    if count and count % MIB == 0:
        return N_("{n} MiB", n=count // MIB)
    if count and count % KIB == 0:
        return N_("{n} KiB", n=count // KIB)
    return N_("{n} bytes", n=count)
