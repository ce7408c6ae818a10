"""Recordings of what passed, and their replay."""
