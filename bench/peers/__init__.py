"""Servers to compare ours with, each as in its library's documentation."""

BACKLOG = 1024
