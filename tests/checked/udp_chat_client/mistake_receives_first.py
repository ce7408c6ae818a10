"""What the thread should call is called before it starts."""

import threading

import common


class Client(common.Client):
    def run(self):
        self.send("hello")
        threading.Thread(target=self.receive(), daemon=True).start()
        while (line := input()) != "exit":
            self.send(f"{self.name}: {line}")


Client().run()
