"""Each portion of the answer has the server's name before it."""

import common


def serve(client):
    while data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        client.sendall(b"Server: " + data)
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
