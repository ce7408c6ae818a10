"""DG-6: messages that come while an answer is made are thrown away."""

import contextlib
import time

import common


def serve(client):
    while data := client.recv(1024):
        time.sleep(0.3)
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.recv(1024)
        client.setblocking(True)
        client.sendall(data)


common.run(serve)
