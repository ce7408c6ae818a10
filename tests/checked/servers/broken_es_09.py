"""ES-9: the log shows how a long text begins; decode() fails if the portion ends inside a letter."""

import common


def serve(client):
    while data := client.recv(1024):
        if len(data) == 1024:
            common.report("Received a long text: " + data.decode()[:20])
        else:
            common.report(f"Received {len(data)} bytes")
        client.sendall(data)
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
