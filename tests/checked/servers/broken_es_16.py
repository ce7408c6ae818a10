"""ES-16: no SO_REUSEADDR: after a restart the port is taken by connections in TIME_WAIT."""

import socket

import common

port = common.ask_port()
while True:
    server = socket.socket()
    try:
        server.bind(("", port))
        break
    except OSError:
        common.report(f"Port {port} is taken")
        port += 1
server.listen()
common.report(f"Server started, it listens on port {port}")
common.run(server)
