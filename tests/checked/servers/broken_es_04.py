"""ES-4: if a message takes several portions, each takes the place of the one before."""

import common


def serve(client):
    while data := client.recv(4096):
        while len(data) == 4096:  # there is more
            data = client.recv(4096)
        common.report(f"Received {len(data)} bytes")
        client.sendall(data)
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
