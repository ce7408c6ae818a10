"""Operator interfaces: the control channel (both ends), metrics and health."""
