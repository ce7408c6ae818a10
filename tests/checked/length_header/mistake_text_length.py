"""The length is text for recv(): an exception ends the thread of each client."""

import common


def serve(client):
    while length := client.recv(common.SIZE).decode():
        common.send_message(client, client.recv(length))


common.run(serve)
