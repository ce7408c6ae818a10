"""DG-5: each portion is decoded by itself."""

import common


def serve(client):
    while data := client.recv(1024):
        client.sendall(data.decode().upper().encode())


common.run(serve)
