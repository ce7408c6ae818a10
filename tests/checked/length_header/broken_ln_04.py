"""LN-4: one recv() for the header."""

import common


def serve(client):
    while header := client.recv(common.SIZE):
        common.send_message(client, common.receive(client, int(header)))


common.run(serve)
