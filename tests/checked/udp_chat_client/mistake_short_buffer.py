"""Ten bytes of each datagram are received."""

import common


class Client(common.Client):
    def receive(self):
        while True:
            print(self.socket.recv(10), flush=True)

    def send(self, text):
        super().send(text.removeprefix(f"{self.name}: "))


Client().run()
