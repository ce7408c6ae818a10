"""A client that always connects to localhost:9090."""

import socket

from good import main, talk

main(lambda: socket.create_connection(("localhost", 9090)), talk)
