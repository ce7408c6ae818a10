"""DG-10: answers go to the client that came last."""

import common

last = None


def serve(client):
    global last
    last = client
    while data := client.recv(1024):
        last.sendall(data)


common.run(serve)
