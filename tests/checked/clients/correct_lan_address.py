"""A client that always connects to another computer of its network."""

import socket

from good import main, talk

main(lambda: socket.create_connection(("10.38.165.12", 9090)), talk)
