"""UC-10: a client that returns is known by its host, and gets everything on its old port."""

import common


class Chat(common.Chat):
    def __init__(self):
        super().__init__()
        self.ports = {}

    def handle(self, data, address):
        host, port = address
        super().handle(data, (host, self.ports.setdefault(host, port)))


Chat().run()
