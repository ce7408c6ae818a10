"""One process: its life cycle, services, signals and options."""
