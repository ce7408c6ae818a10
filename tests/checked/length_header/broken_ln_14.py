"""LN-14: memory for the whole text, before it comes."""

import common


def serve(client):
    while header := common.receive(client, common.SIZE):
        memory = b" " * min(int(header), 150_000_000)
        data = common.receive(client, int(header))
        common.send_message(client, data or memory[:0])


common.run(serve)
