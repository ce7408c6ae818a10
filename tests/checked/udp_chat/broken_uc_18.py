"""UC-18: clients are told apart by their host alone, so the second one takes the first one's place."""

import common


class Chat(common.Chat):
    def __init__(self):
        super().__init__()
        self.addresses = {}

    def send(self, text, host):
        super().send(text, self.addresses[host])

    def handle(self, data, address):
        self.addresses[address[0]] = address
        super().handle(data, address[0])


Chat().run()
