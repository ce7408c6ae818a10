"""UD-1: the socket is made, and nothing is sent."""

import common


class Client(common.Client):
    def send(self, text):
        print("Sent", len(text), "characters")

    def receive(self):
        pass


Client().run()
