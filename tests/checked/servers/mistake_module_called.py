"""The module is called instead of its class."""

import socket

sock = socket()
sock.bind(("", 9090))
sock.listen()
