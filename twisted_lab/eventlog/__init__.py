"""The event log: the vocabulary of events, counters, destinations, rotating files."""
