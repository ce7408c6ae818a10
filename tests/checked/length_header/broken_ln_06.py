"""LN-6: what comes behind a message, in one portion with it, is lost."""

import common


def serve(client):
    data = b""
    while portion := client.recv(4096):
        data += portion
        if len(data) >= common.SIZE and len(data) >= common.SIZE + int(data[: common.SIZE]):
            length = int(data[: common.SIZE])
            common.send_message(client, data[common.SIZE : common.SIZE + length])
            data = b""


common.run(serve)
