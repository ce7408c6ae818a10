"""DG-4: three exchanges."""

import common


def serve(client):
    for _ in range(3):
        client.sendall(client.recv(1024))


common.run(serve)
