"""UD-4: only the answer to each line is received."""

import common


class Client(common.Client):
    def run(self):
        while (line := input("> ")) != "exit":
            self.send(f"{self.name}: {line}")
            print(self.decode(self.socket.recv(65535)))
            self.socket.close()
            self.socket = common.socket.socket(type=self.kind)


Client().run()
