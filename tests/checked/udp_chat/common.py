"""A good chat server by UDP; most servers of this folder change a part of it."""

import socket


def ask_port():
    text = input("Port of the chat [9090]: ")
    return int(text) if text.isdecimal() else 9090


class Chat:
    """The first message of an address is its name."""

    def __init__(self):
        self.names = {}
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("", ask_port()))
        print("The chat waits on port", self.socket.getsockname()[1], flush=True)

    def send(self, text, address):
        self.socket.sendto(text.encode(), address)

    def tell(self, text, speaker):
        for address in self.names:
            if address != speaker:
                self.send(text, address)

    def talk(self, text, speaker):
        self.tell(f"{self.names[speaker]}: {text}", speaker)

    def join(self, name, address):
        self.names[address] = name
        self.tell(f"{name} joins", address)

    def leave(self, address):
        self.tell(f"{self.names.pop(address)} leaves", address)

    def handle(self, data, address):
        text = data.decode(errors="replace").strip()
        print(address, ascii(text), flush=True)
        if address not in self.names:
            self.join(text, address)
        elif text == "exit":
            self.leave(address)
        elif text:
            self.talk(text, address)

    def run(self):
        try:
            while True:
                self.handle(*self.socket.recvfrom(65535))
        except KeyboardInterrupt:
            print("The chat ends")


if __name__ == "__main__":
    Chat().run()
