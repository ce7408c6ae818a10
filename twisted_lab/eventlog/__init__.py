"""The event log: the vocabulary of events, counters, destinations and rotating files."""
