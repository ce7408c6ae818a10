"""Client that connects a terminal or a pipe with a service."""
