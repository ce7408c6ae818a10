"""The greeting server with Twisted: asks each client for a name, and greets it."""

from twisted_shared import Lines, serve


class Greeting(Lines):
    """One client."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self.send_text("What's your name?")

    def handle(self, text: str) -> None:
        self.send_text(f"Hello, {text}")
        self.end()


if __name__ == "__main__":
    serve(Greeting, 3333)
