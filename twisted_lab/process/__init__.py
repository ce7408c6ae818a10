"""Life cycle, services, signals and options of one process."""
