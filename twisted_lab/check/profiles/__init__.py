"""Profiles: sets of tasks for other programs than those of the lab's students."""
