"""All toxics, by kind."""

from __future__ import annotations

from twisted_lab.faults.engine.toxic import Toxic
from twisted_lab.faults.engine.toxics.damage import Corrupt, Duplicate, Loss, Replace, Truncate
from twisted_lab.faults.engine.toxics.endings import (
    Blackhole,
    HalfClose,
    LimitData,
    Rebind,
    Refuse,
    ResetPeer,
    Timeout,
)
from twisted_lab.faults.engine.toxics.timing import (
    Bandwidth,
    Coalesce,
    Hold,
    Latency,
    Reorder,
    Slicer,
    SlowClose,
)

# toxiproxy's toxics first.
_ALL: tuple[type[Toxic], ...] = (
    *(Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData),
    *(Loss, Duplicate, Reorder, Corrupt, Truncate, Replace, Hold, Coalesce),
    *(Blackhole, Refuse, HalfClose, Rebind),
)
TOXICS: dict[str, type[Toxic]] = {toxic.kind: toxic for toxic in _ALL}
