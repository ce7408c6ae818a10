"""UC-7: an empty datagram is taken for the end."""

import common


class Chat(common.Chat):
    def run(self):
        try:
            while True:
                data, address = self.socket.recvfrom(65535)
                if not data:
                    break
                self.handle(data, address)
        except KeyboardInterrupt:
            print("The chat ends")


Chat().run()
