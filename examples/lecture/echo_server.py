"""An echo server: returns all text in upper case."""

import socket
from codecs import getincrementaldecoder

from shared import run, serve


def echo(connection: socket.socket) -> None:
    """Return the text of a client, until it sends no more."""
    # A piece may end within a character: the decoder keeps that for the next one.
    decode = getincrementaldecoder("utf-8")("replace").decode
    while piece := connection.recv(1024):
        connection.sendall(decode(piece).upper().encode())
    connection.sendall(decode(b"", True).encode())


def main(host: str, port: int) -> None:
    """Serve clients until Ctrl-C."""
    serve(host, port, echo)


if __name__ == "__main__":
    run(main, 9090)
