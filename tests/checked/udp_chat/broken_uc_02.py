"""UC-2: every text goes to the client that came first, also its own."""

import common


class Chat(common.Chat):
    def tell(self, text, speaker):
        self.send(text, next(iter(self.names)))


Chat().run()
