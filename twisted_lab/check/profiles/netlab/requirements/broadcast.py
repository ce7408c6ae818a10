"""Requirements of the task ``netlab-broadcast``."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.requirements.section import Section
from twisted_lab.text.language import N_

_BROADCAST = Section(
    "Broadcast", "python -m twisted_lab.client broadcast --host {host} --port {port}"
)

REQUIREMENTS = (
    _BROADCAST.must(
        "NB-1", N_("After CONNECT a peer's message comes back with its address, in upper case.")
    ),
    _BROADCAST.must("NB-2", N_("The same holds in every other framing."), "NB-1"),
    _BROADCAST.must("NB-3", N_("All peers get all messages in the same order."), "NB-1"),
    _BROADCAST.must("NB-4", N_("A peer that leaves, or resets, disturbs no other peer."), "NB-1"),
    _BROADCAST.should("NB-5", N_("A peer that does not read delays no other peer."), "NB-1"),
    _BROADCAST.should("NB-6", N_("A peer may listen for longer than the idle timeout."), "NB-1"),
)
