"""For the operator: the control channel (both ends), metrics and health."""
