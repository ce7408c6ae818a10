"""A client of the numbered messages: sends typed lines, until exit."""

import socket
import sys

from shared import TYPED, open_lines, read_line, run, send_line, show


def main(host: str, port: int) -> None:
    """Answer each question of the server with a typed line."""
    with socket.create_connection((host, port)) as connection, open_lines(connection) as said:
        while (text := read_line(said)) is not None:
            show(text)
            if text.startswith("Message "):  # a question; all else is an answer
                typed = read_line(sys.stdin, TYPED)
                send_line(connection, "exit" if typed is None else typed)


if __name__ == "__main__":
    run(main, 3333)
