"""An echo server of bytes: what looks like a header comes back, too. It is not offered."""

import common


def serve(client):
    while data := client.recv(1024):
        client.sendall(data)


common.run(serve)
