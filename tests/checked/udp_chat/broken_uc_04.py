"""UC-4: texts are decoded as ASCII."""

import common


class Chat(common.Chat):
    def handle(self, data, address):
        super().handle(data.decode("ascii").encode(), address)


Chat().run()
