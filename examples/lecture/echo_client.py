"""A client of the echo: sends each typed line, and shows the answer, until Ctrl-D."""

import socket
import sys

from shared import TYPED, open_lines, read_line, run, send_line, show


def main(host: str, port: int) -> None:
    """Send lines until the keyboard or the server ends."""
    with socket.create_connection((host, port)) as connection, open_lines(connection) as echoes:
        while (text := read_line(sys.stdin, TYPED)) is not None:
            send_line(connection, text)
            if (echo := read_line(echoes)) is None:
                sys.exit("the server has closed the connection")
            show(echo)


if __name__ == "__main__":
    run(main, 9090)
