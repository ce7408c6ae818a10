"""Trials: fresh programs, and the clients and users that try them."""
