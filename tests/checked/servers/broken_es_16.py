"""ES-16: no SO_REUSEADDR: after a restart the port is taken by connections in TIME_WAIT."""

import socket
import sys

import common

port = common.ask_port()
server = socket.socket()
try:
    server.bind(("", port))
    server.listen()
except OSError:
    sys.exit(f"Port {port} is taken.")
common.report(f"Server started, it listens on port {port}")
common.run(server)
