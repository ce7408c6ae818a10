"""UC-1: bind() is missing, so nobody knows the port."""

import socket

import common

port = common.ask_port()
server = socket.socket(type=socket.SOCK_DGRAM)
print("The chat waits on port", port, flush=True)
while True:
    print(server.recvfrom(1024))
