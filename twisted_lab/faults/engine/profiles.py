"""Profiles: toxics for well-known networks.

They lose nothing: what the sources below lose, TCP sends again. Each link has the whole bandwidth.
"""

from __future__ import annotations

from twisted_lab.faults.engine.spec import read_toxic
from twisted_lab.faults.engine.toxic import Toxics
from twisted_lab.text.language import N_


def _profile(delay: str, down: str, up: str) -> tuple[str, ...]:
    """Return toxics; `delay` is that of one direction."""
    return (
        f"latency={delay}",
        f"bandwidth={down},direction=downstream",
        f"bandwidth={up},direction=upstream",
    )


PROFILES: dict[str, tuple[str, ...]] = {
    # WebPageTest, www/settings/connectivity.ini.sample, [3G]: 1.6 Mbps/768 Kbps, RTT 300 ms.
    "3g": _profile("150ms", "1600kbit/s", "768kbit/s"),
    # The same, [DSL]: 1.5 Mbps/384 Kbps, RTT 50 ms.
    "dsl": _profile("25ms", "1500kbit/s", "384kbit/s"),
    # Firefox, devtools/client/shared/components/throttling/profiles.js, "Wi-Fi": 30 and 15 Mbit/s,
    # a response after at least 2 ms.
    "wifi": _profile("1ms", "30Mbit/s", "15Mbit/s"),
    # RFC 2488, section 2: 279 ms from a ground station to a geostationary satellite and down to
    # another one. QUIC interop runner, satellite edition (interop.cs7.tf.fau.de): 20 and 2 Mbit/s.
    "satellite": _profile("279ms", "20Mbit/s", "2Mbit/s"),
    # IEEE 802.3ab: 1 Gbit/s in both directions. J. Dean, "Numbers everyone should know": 0.5 ms for
    # a round trip within one datacenter.
    "lan": _profile("250us", "1Gbit/s", "1Gbit/s"),
}


def read_profile(name: str) -> Toxics:
    """Return the toxics of a profile.

    Raises:
        ValueError: There is no such profile.
    """
    if name not in PROFILES:
        raise ValueError(
            N_(
                "expected a profile, one of {known}, not {name!r}",
                known=", ".join(PROFILES),
                name=name,
            )
        )
    return tuple(map(read_toxic, PROFILES[name]))
