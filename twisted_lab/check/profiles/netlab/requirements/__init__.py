"""What docs/protocols.md asks of each service."""
