"""UC-6: all texts come with the name of the client that joined last."""

import common


class Chat(common.Chat):
    def join(self, name, address):
        super().join(name, address)
        self.last = name

    def talk(self, text, speaker):
        self.tell(f"{self.last}: {text}", speaker)


Chat().run()
