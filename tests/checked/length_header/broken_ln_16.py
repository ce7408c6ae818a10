"""LN-16: a subclass that nothing uses."""

import socket

import common


class MessageSocket(socket.socket):
    def send_message(self, text):
        data = text.encode()
        self.sendall(f"{len(data):<10}".encode() + data)


common.run()
