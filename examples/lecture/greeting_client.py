"""A client of the greeting: shows the server's lines, and sends a typed name when asked for it."""

import socket
import sys

from shared import TYPED, open_lines, read_line, run, send_line, show


def main(host: str, port: int) -> None:
    """Talk until the server closes the connection."""
    with socket.create_connection((host, port)) as connection, open_lines(connection) as said:
        while (text := read_line(said)) is not None:
            show(text)
            if text == "What's your name?":
                if (name := read_line(sys.stdin, TYPED)) is None:
                    break
                send_line(connection, name)


if __name__ == "__main__":
    run(main, 3333)
