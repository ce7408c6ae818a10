"""ES-18: the server takes another port, but prints the number that it was given."""

import socket

import common

wanted = port = common.ask_port()
while True:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("", port))
        server.listen()
        break
    except OSError:
        server.close()
        port = port + 1 if port < 65535 else 1024
common.report(f"Server started, it listens on port {wanted}")
common.run(server)
