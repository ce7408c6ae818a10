"""LN-2: the message has a header, and the answer has none."""

import common


def serve(client):
    while (data := common.receive_message(client)) is not None:
        client.sendall(data)


common.run(serve)
