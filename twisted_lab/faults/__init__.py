"""Fault injection: bad networks on demand, for TCP and UDP, whose decisions repeat.

The public names are for tests: networks in memory, on a simulated clock.
"""

from twisted_lab.faults.simulated.faulty_transport import FaultyTransport
from twisted_lab.faults.simulated.network import DatagramEnd, DatagramNetwork
from twisted_lab.faults.simulated.pair import FaultyPair
from twisted_lab.faults.simulated.simulation import advance

__all__ = ["DatagramEnd", "DatagramNetwork", "FaultyPair", "FaultyTransport", "advance"]
