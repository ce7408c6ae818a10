"""Listening ports: addresses, endpoints, TLS, the PROXY header, the file descriptor reserve."""
