"""LN-13: what has come until the end is taken for a message."""

import common


def receive(client, size):
    data = b""
    while len(data) < size and (portion := client.recv(size - len(data))):
        data += portion
    return data


def serve(client):
    while header := common.receive(client, common.SIZE):
        common.send_message(client, receive(client, int(header)))


common.run(serve)
