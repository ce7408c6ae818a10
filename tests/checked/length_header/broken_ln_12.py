"""LN-12: a client that leaves inside a text ends the server."""

import socket

import common

server = common.listen()
while True:
    with server.accept()[0] as client:
        while header := common.receive(client, common.SIZE):
            data = client.recv(int(header), socket.MSG_WAITALL)
            if len(data) < int(header):
                raise ConnectionError("the text is too short")
            common.send_message(client, data)
