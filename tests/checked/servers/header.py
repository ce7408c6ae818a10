"""A header has the length: `decimal` (10 characters), `zeros` (4 digits) or `binary` (4 bytes).

A header that is none ends the connection; with `text` behind it, so does what is no UTF-8.
"""

import sys

import common

SIZE, READ, WRITE = {
    "decimal": (10, int, lambda length: f"{length:<10}".encode()),
    "zeros": (4, int, lambda length: f"{length:04}".encode()),
    "binary": (
        4,
        lambda data: int.from_bytes(data, "big"),
        lambda length: length.to_bytes(4, "big"),
    ),
}[sys.argv[1]]


def receive(client, size):
    data = b""
    while len(data) < size:
        portion = client.recv(min(size - len(data), 1024))
        if not portion:
            raise ConnectionError("the connection ended inside a message")
        data += portion
    return data


def serve(client):
    while header := client.recv(1):
        header += receive(client, SIZE - 1)
        try:
            length = READ(header)
        except ValueError:
            common.report(f"{header} is no header")
            return
        message = receive(client, length)
        if "text" in sys.argv:
            try:
                message.decode()
            except UnicodeDecodeError as error:
                common.report(f"No text: {error}")
                return
        common.report(f"Received {len(message)} bytes")
        client.sendall(WRITE(len(message)) + message)
        common.report(f"Sent {len(message)} bytes")


common.run(common.open_port(common.ask_port()), serve)
