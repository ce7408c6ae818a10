"""UC-8: bytes that are no text end the server with UnicodeDecodeError."""

import common


class Chat(common.Chat):
    def handle(self, data, address):
        data.decode()
        super().handle(data, address)


Chat().run()
