"""UC-17: an acknowledgement counts for the oldest text, whatever number it names."""

import reliable


class Chat(reliable.Chat):
    def acknowledged(self, number, address):
        waiting = [key for key in self.waiting if key[0] == address]
        if waiting:
            del self.waiting[waiting[0]]


Chat().run()
