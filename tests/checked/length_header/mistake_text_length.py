"""The length is text when recv() is told it: an exception ends the thread of each client."""

import common


def serve(client):
    while length := client.recv(common.SIZE).decode():
        common.send_message(client, client.recv(length))


common.run(serve)
