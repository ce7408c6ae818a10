"""Lines are sent with one socket, and another one receives."""

import socket

import common


class Client(common.Client):
    def receive(self):
        other = socket.socket(type=self.kind)
        other.bind(("", 0))
        while True:
            print(self.decode(other.recv(65535)), flush=True)


Client().run()
