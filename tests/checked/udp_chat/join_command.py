"""Commands with a slash; everything else from strangers is answered with help."""

import common


class Chat(common.Chat):
    def handle(self, data, address):
        text = data.decode(errors="replace").strip()
        command, _, name = text.partition(" ")
        if command == "/join" and name:
            if name in self.names.values():
                self.send(f"The name {name} is taken", address)
            else:
                self.join(name, address)
        elif address not in self.names:
            self.send("Join first: /join NAME", address)
        elif text:
            self.talk(text, address)


Chat().run()
