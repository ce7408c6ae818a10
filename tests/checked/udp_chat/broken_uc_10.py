"""UC-10: the host of a client that has left is not let in again."""

import common


class Chat(common.Chat):
    def __init__(self):
        super().__init__()
        self.gone = set()

    def leave(self, address):
        super().leave(address)
        self.gone.add(address[0])

    def handle(self, data, address):
        if address[0] not in self.gone:
            super().handle(data, address)


Chat().run()
