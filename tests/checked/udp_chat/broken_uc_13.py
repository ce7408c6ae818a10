"""UC-13: the loop never waits."""

import common


class Chat(common.Chat):
    def run(self):
        self.socket.setblocking(False)
        try:
            while True:
                try:
                    data, address = self.socket.recvfrom(65535)
                except BlockingIOError:
                    continue
                self.handle(data, address)
        except KeyboardInterrupt:
            print("The chat ends")


Chat().run()
