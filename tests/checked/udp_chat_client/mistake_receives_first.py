"""The program itself calls the function of its thread, before the thread starts."""

import threading

import common


class Client(common.Client):
    def run(self):
        self.send("hello")
        threading.Thread(target=self.receive(), daemon=True).start()
        while (line := input()) != "exit":
            self.send(f"{self.name}: {line}")


Client().run()
