"""Each portion of the answer is green."""

import common


def serve(client):
    while data := client.recv(1024):
        common.report(f"\x1b[1;33mReceived {len(data)} bytes\x1b[0m")
        client.sendall(b"\x1b[32m" + data + b"\x1b[0m")
        common.report(f"\x1b[1;34mSent {len(data)} bytes\x1b[0m")


common.run(common.open_port(common.ask_port()), serve)
