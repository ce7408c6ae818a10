"""One recv() for a binary header: a length below 256 is right even if only its end comes."""

import common


def serve(client):
    while header := client.recv(4):
        data = common.receive(client, int.from_bytes(header, "big"))
        client.sendall(len(data).to_bytes(4, "big") + data)


common.run(serve)
