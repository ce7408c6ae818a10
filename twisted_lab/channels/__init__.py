"""What carries a service's traffic, between the transport and the service itself."""

from twisted_lab.channels.connections import Connection, Connections

__all__ = ["Connection", "Connections"]
