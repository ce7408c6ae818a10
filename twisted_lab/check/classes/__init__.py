"""Checking a whole class: one folder for each submission."""
