"""Scenarios: coroutines that read like conversations, one for each requirement."""
