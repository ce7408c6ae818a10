"""Clients of a chat by UDP that the checker judges; `manifest` says what is right or wrong."""
