"""ES-1: bind() without listen(): no port is open, and accept() fails."""

import socket

import common

server = socket.socket()
server.bind(("", common.ask_port()))
common.run(server)
