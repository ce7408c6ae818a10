"""UD-2: the name is sent instead of the line."""

import common


class Client(common.Client):
    def send(self, text):
        super().send(text.partition(":")[0])


Client().run()
