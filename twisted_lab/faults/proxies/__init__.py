"""Proxies: what moves units between sockets and the engine."""
