"""Servers that the checker judges; `manifest` says what is right or wrong with each."""
