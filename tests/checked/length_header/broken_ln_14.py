"""LN-14: memory for the whole text, before it comes."""

import common


def serve(client):
    while header := common.receive(client, common.SIZE):
        data = bytearray(b" " * min(int(header), 150_000_000))
        data = common.receive(client, int(header))
        common.send_message(client, data)


common.run(serve)
