"""ES-2: the server makes the answer, and does not send it."""

import common


def serve(client):
    while data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        answer = data
        common.report(f"Sent {len(answer)} bytes")


common.run(common.open_port(common.ask_port()), serve)
