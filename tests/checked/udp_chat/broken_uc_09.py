"""UC-9: each client has a connected socket, whose error ends the server if the client is gone."""

import socket

import common


class Chat(common.Chat):
    def __init__(self):
        super().__init__()
        self.sockets = {}

    def send(self, text, address):
        if address not in self.sockets:
            self.sockets[address] = socket.socket(type=socket.SOCK_DGRAM)
            self.sockets[address].connect(address)
        self.sockets[address].send(text.encode())


Chat().run()
