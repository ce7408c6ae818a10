"""Each portion takes 0.2 s of work before it is answered."""

import time

import common


def serve(client):
    while data := client.recv(65536):
        common.report(f"Received {len(data)} bytes")
        time.sleep(0.2)
        client.sendall(data)
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
