"""LN-5: one recv() for the text."""

import common


def serve(client):
    while header := common.receive(client, common.SIZE):
        common.send_message(client, client.recv(int(header)))


common.run(serve)
