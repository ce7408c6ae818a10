"""LN-12: a client that leaves inside a text ends the server."""

import socket

import common


def serve(client):
    while header := common.receive(client, common.SIZE):
        data = client.recv(int(header), socket.MSG_WAITALL)
        assert len(data) == int(header)
        common.send_message(client, data)


server = common.listen()
while True:
    common.converse(server.accept()[0], serve)
