"""ES-17: if the port is taken, the server asks for another one, and forgets to make it a number."""

import socket

import common

port = common.ask_port()
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    server.bind(("", port))
except OSError:
    port = input(f"Port {port} is taken. Another port: ")
    server.bind(("", port))
server.listen()
common.report(f"Server started, it listens on port {port}")
common.run(server)
