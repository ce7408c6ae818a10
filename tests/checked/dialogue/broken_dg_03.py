"""DG-3: one answer; later messages are read, no more."""

import common


def serve(client):
    client.sendall(client.recv(1024))
    while client.recv(1024):
        pass


common.run(serve)
