"""Fault injection: bad networks on demand, for TCP and UDP, whose decisions repeat."""
