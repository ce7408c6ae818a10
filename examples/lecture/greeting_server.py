"""A greeting server: asks each client for a name, and greets it."""

import socket

from shared import open_lines, read_line, run, send_line, serve


def greet(connection: socket.socket) -> None:
    """Ask for a name, and use it."""
    with open_lines(connection) as answers:
        send_line(connection, "What's your name?")
        if (name := read_line(answers)) is not None:
            print(f"name: {name!r}")
            send_line(connection, f"Hello, {name}")


def main(host: str, port: int) -> None:
    """Serve clients until Ctrl-C."""
    serve(host, port, greet)


if __name__ == "__main__":
    run(main, 3333)
