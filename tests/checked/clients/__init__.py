"""Clients that the checker judges: `manifest` says what it must find."""
