"""Each text has a number, and is sent again until the client says ACK and this number."""

import contextlib
import time

import common

AGAIN_SECONDS = 0.3
MOST_COPIES = 8


class Chat(common.Chat):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.waiting = {}  # by address and number: the packet, and when to send it again
        self.socket.settimeout(AGAIN_SECONDS / 3)

    def send(self, text, address):
        self.number += 1
        packet = f"{self.number} {text}".encode()
        self.waiting[address, self.number] = [packet, time.monotonic() + AGAIN_SECONDS, 1]
        self.socket.sendto(packet, address)

    def acknowledged(self, number, address):
        self.waiting.pop((address, number), None)

    def handle(self, data, address):
        word, _, number = data.partition(b" ")
        if word != b"ACK":
            super().handle(data, address)
        elif number.isdigit():
            self.acknowledged(int(number), address)

    def repeat(self):
        now = time.monotonic()
        for (address, number), entry in list(self.waiting.items()):
            packet, due, copies = entry
            if copies == MOST_COPIES:
                del self.waiting[address, number]
            elif due <= now:
                entry[1:] = now + AGAIN_SECONDS, copies + 1
                self.socket.sendto(packet, address)

    def run(self):
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    self.handle(*self.socket.recvfrom(65535))
                self.repeat()
        except KeyboardInterrupt:
            print("The chat ends")


if __name__ == "__main__":
    Chat().run()
