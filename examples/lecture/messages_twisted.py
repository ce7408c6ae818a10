"""The server of numbered messages with Twisted: repeats each in upper case, until exit."""

from twisted_shared import Lines, serve


class Messages(Lines):
    """One client."""

    number = 1

    def connectionMade(self) -> None:
        super().connectionMade()
        self.send_text("Message 1:")

    def handle(self, text: str) -> None:
        if text == "exit":
            self.end()
            return
        self.number += 1
        self.send_text(f"Your message: {text.upper()}")
        self.send_text(f"Message {self.number}:")


if __name__ == "__main__":
    serve(Messages, 3333)
