"""Benchmarks: see each module."""
