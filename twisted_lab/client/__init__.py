"""The client: a connection joined to a terminal or to a pipe."""
