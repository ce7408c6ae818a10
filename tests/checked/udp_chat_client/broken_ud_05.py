"""UD-5: the text is encoded as ASCII."""

import common


class Client(common.Client):
    def encode(self, text):
        return text.encode("ascii")


Client().run()
