"""The server of the lecture: bytes.upper(), which leaves Cyrillic letters alone."""

import common


def serve(client):
    while data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        client.sendall(data.upper())
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
