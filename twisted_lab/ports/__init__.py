"""Listening ports: addresses, endpoints, TLS, the PROXY header, and the reserve of files."""
