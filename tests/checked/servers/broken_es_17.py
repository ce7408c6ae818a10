"""ES-17: if the port is taken, the server says so, and ends."""

import socket
import sys

import common

port = common.ask_port()
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    server.bind(("", port))
    server.listen()
except OSError:
    sys.exit(f"Port {port} is taken.")
common.report(f"Server started, it listens on port {port}")
common.run(server)
