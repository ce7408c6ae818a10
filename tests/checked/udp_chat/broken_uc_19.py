"""UC-19: a long text of an address that has not joined ends the server with KeyError."""

import common


class Chat(common.Chat):
    def handle(self, data, address):
        text = data.decode(errors="replace").strip()
        if text == "exit":
            self.leave(address)
        elif address not in self.names and len(text) <= 8:
            self.join(text, address)
        elif text:
            self.talk(text, address)


Chat().run()
