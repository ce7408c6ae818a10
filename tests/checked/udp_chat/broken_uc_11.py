"""UC-11: after a pause of 0.1 s the server takes the newest text; those before it are lost."""

import contextlib
import time

import common


class Chat(common.Chat):
    def handle(self, data, address):
        time.sleep(0.1)
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                data, address = self.socket.recvfrom(65535)
        self.socket.setblocking(True)
        super().handle(data, address)


Chat().run()
