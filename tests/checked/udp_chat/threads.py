"""A chat by TCP with a thread for each client, without names."""

import contextlib
import socket
import threading

import common

members = {}


def serve(member, address):
    members[member] = address
    try:
        while data := member.recv(1024):
            for other in [*members]:
                if other is not member:
                    with contextlib.suppress(OSError):
                        other.sendall(f"{address}: ".encode() + data)
    except OSError:
        pass
    del members[member]
    member.close()


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", common.ask_port()))
server.listen()
try:
    while True:
        threading.Thread(target=serve, args=server.accept(), daemon=True).start()
except KeyboardInterrupt:
    pass
