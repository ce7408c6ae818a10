"""LN-3: the first message is answered; later ones are read, no more."""

import common


def serve(client):
    common.send_message(client, common.receive_message(client))
    while client.recv(1024):
        pass


common.run(serve)
