"""A server of numbered messages: asks for one after the other, and repeats each in upper case."""

import socket
from itertools import count

from shared import open_lines, read_line, run, send_line, serve


def number_messages(connection: socket.socket) -> None:
    """Ask for messages until a client says exit, or nothing more."""
    with open_lines(connection) as messages:
        for number in count(1):
            send_line(connection, f"Message {number}:")
            if (text := read_line(messages)) in (None, "exit"):
                return
            print(f"message: {text!r}")
            send_line(connection, f"Your message: {text.upper()}")


def main(host: str, port: int) -> None:
    """Serve clients until Ctrl-C."""
    serve(host, port, number_messages)


if __name__ == "__main__":
    run(main, 3333)
