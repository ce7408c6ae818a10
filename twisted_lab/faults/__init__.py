"""Fault injection: bad networks on demand, for TCP and UDP, whose decisions repeat.

The public names are for tests: networks in memory, on a simulated clock.
"""

from twisted_lab.faults.faulty_transport import FaultyTransport
from twisted_lab.faults.network import DatagramEnd, DatagramNetwork
from twisted_lab.faults.pair import FaultyPair
from twisted_lab.faults.simulation import advance

__all__ = ["DatagramEnd", "DatagramNetwork", "FaultyPair", "FaultyTransport", "advance"]
