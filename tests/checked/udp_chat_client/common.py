"""A good client of a chat by UDP; most clients of this folder change a part of it."""

import socket
import threading


class Client:
    """Receives in a thread of its own."""

    kind = socket.SOCK_DGRAM

    def __init__(self):
        self.server = input("Host: "), int(input("Port: "))
        self.name = input("Your name: ")
        self.socket = socket.socket(type=self.kind)

    def encode(self, text):
        return text.encode()

    def decode(self, data):
        return data.decode(errors="replace")

    def send(self, text):
        self.socket.sendto(self.encode(text), self.server)

    def receive(self):
        while True:
            print(self.decode(self.socket.recv(65535)), flush=True)

    def run(self):
        self.send(f"{self.name} joins")
        threading.Thread(target=self.receive, daemon=True).start()
        while (line := input()) != "exit":
            self.send(f"{self.name}: {line}")


if __name__ == "__main__":
    Client().run()
