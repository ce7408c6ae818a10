"""A client of the broadcast: sends typed lines, and meanwhile shows the messages of all clients."""

import os
import socket
import sys
from contextlib import suppress
from threading import Thread

from shared import TYPED, open_lines, read_line, run, send_line, show


def send_typed(connection: socket.socket) -> None:
    """Send typed lines until the keyboard ends, and then tell the server that no more will come."""
    # This thread may still wait for the keyboard when the program ends. With a file of its own it
    # does not hold the lock of sys.stdin then, which the interpreter needs.
    encoding = sys.stdin.encoding
    with suppress(OSError), os.fdopen(0, encoding=encoding, closefd=False) as keyboard:
        while (text := read_line(keyboard, TYPED)) is not None:
            send_line(connection, text)
        connection.shutdown(socket.SHUT_WR)


def main(host: str, port: int) -> None:
    """Show lines until the server closes the connection."""
    with socket.create_connection((host, port)) as connection, open_lines(connection) as said:
        Thread(target=send_typed, args=(connection,), daemon=True).start()
        while (text := read_line(said)) is not None:
            show(text)


if __name__ == "__main__":
    run(main, 3333)
