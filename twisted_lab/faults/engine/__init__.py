"""The pure engine: units and time in, outputs and deadlines out; it knows no sockets."""
