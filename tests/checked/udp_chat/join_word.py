"""A chat without names: a client says __join, and all others are ignored. It asks nothing."""

import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 9090))
members = []
try:
    while True:
        data, address = server.recvfrom(2048)
        if data == b"__join":
            members.append(address)
        elif address in members:
            for member in members:  # also the speaker
                server.sendto(f"client{address[1]}: ".encode() + data, member)
except KeyboardInterrupt:
    pass
