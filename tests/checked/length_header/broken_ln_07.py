"""LN-7: at most 1,024 bytes of a text are received."""

import common


def serve(client):
    while header := common.receive(client, common.SIZE):
        common.send_message(client, common.receive(client, min(int(header), 1024)))


common.run(serve)
