"""UC-5: the rest of a long datagram is lost."""

import common


class Chat(common.Chat):
    def run(self):
        try:
            while True:
                self.handle(*self.socket.recvfrom(500))
        except KeyboardInterrupt:
            print("The chat ends")


Chat().run()
