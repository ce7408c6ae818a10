"""LN-11: the first word of each message is printed; an empty one has none, and ends the server."""

import common


def serve(client):
    while (data := common.receive_message(client)) is not None:
        print("Received:", data.decode().split()[0])
        common.send_message(client, data)


server = common.listen()
while True:
    common.converse(server.accept()[0], serve)
