"""The bytes of a line are made text again by str()."""

import common


class Client(common.Client):
    def encode(self, text):
        return str(text.encode()).encode()


Client().run()
