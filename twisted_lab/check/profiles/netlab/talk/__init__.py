"""Peers of the services, and how they put messages on the wire."""
