"""UD-3: nothing is received."""

import common


class Client(common.Client):
    def receive(self):
        pass


Client().run()
