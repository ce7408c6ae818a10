"""The network-programming lab as Twisted services."""

__version__ = "0.1.0"
