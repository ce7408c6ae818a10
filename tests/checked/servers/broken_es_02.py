"""ES-2: the answer is made, but nobody sends it."""

import common


def serve(client):
    while data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        answer = data
        common.report(f"Sent {len(answer)} bytes")


common.run(common.open_port(common.ask_port()), serve)
