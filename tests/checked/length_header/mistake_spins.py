"""One client after the other, but none after the first: recv() returns b"" for ever."""

import common


def receive(client, size):
    data = b""
    while len(data) < size:
        data += client.recv(size - len(data))
    return data


def serve(client):
    while True:
        length = int(receive(client, common.SIZE))
        common.send_message(client, receive(client, length))


server = common.listen()
while True:
    common.converse(server.accept()[0], serve)
