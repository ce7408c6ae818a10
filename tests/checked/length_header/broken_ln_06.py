"""LN-6: what comes behind a message, in one portion with it, is lost."""

import common


def serve(client):
    while data := client.recv(4096):
        while len(data) < common.SIZE or len(data) < common.SIZE + int(data[: common.SIZE]):
            data += client.recv(4096)
        length = int(data[: common.SIZE])
        common.send_message(client, data[common.SIZE : common.SIZE + length])


common.run(serve)
