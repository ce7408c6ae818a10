"""Parts of the plain programs: the command line, lines, and a thread for each client."""

import argparse
import socket
import sys
from collections.abc import Callable
from threading import Thread
from typing import TextIO

import __main__

# Characters of a line. A longer one counts as several, so that none fills the memory.
LONGEST = 4096
# Those of a typed line. Its answer in upper case may have three times as many, and a few words.
TYPED = 1024


def run(program: Callable[[str, int], None], default_port: int) -> None:
    """Call a program with the host and port of the command line; a failure is one line.

    Args:
        program: The main function, with the parameters host and port.
        default_port: The port if the command line has none.
    """
    parser = argparse.ArgumentParser(description=__main__.__doc__)
    parser.add_argument("host", nargs="?", default="localhost")
    parser.add_argument("port", nargs="?", type=int, default=default_port)
    address = parser.parse_args()
    try:
        program(address.host, address.port)
    except (OSError, OverflowError, UnicodeError) as error:
        sys.exit(f"{address.host}, port {address.port}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def serve(host: str, port: int, talk: Callable[[socket.socket], None]) -> None:
    """Accept connections for ever, and serve each of them in a thread of its own.

    Args:
        host: The address to listen on.
        port: The port; 0 takes any free one.
        talk: Serves one client, and returns when nothing is left to say.
    """
    with socket.create_server((host, port)) as listener:
        print("listening on {}:{}".format(*listener.getsockname()))
        while True:
            client = listener.accept()
            Thread(target=_serve_one, args=(talk, *client), daemon=True).start()


def _serve_one(
    talk: Callable[[socket.socket], None], connection: socket.socket, address: tuple[str, int]
) -> None:
    print(f"connected: {address}")
    with connection:
        try:
            talk(connection)
            connection.shutdown(socket.SHUT_WR)
            # To close with unread input resets the connection, and may lose the last answer.
            while connection.recv(LONGEST):
                pass
        except OSError as error:
            print(f"failed: {address}: {error}")
    print(f"disconnected: {address}")


def open_lines(connection: socket.socket) -> TextIO:
    """Return a file that reads text from a connection; it puts the pieces of recv() together."""
    return connection.makefile(encoding="utf-8", errors="replace")


def read_line(file: TextIO, longest: int = LONGEST) -> str | None:
    """Return the next line without its end, or None at the end of the file."""
    line = file.readline(longest)
    return line.rstrip("\n") if line else None


def send_line(connection: socket.socket, text: str) -> None:
    """Send a line, all of it: send() may take only its beginning."""
    connection.sendall(f"{text}\n".encode())


def show(text: str) -> None:
    """Print a line from the other side, without characters that would control the terminal."""
    print("".join(char if char.isprintable() else "\ufffd" for char in text))
