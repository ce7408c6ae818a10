"""UD-6: bytes that are no text end the thread that receives."""

import common


class Client(common.Client):
    def decode(self, data):
        return data.decode()


Client().run()
