"""Clients that the checker judges; `manifest` has the verdicts that they deserve."""
