"""DG-2: an error in the answer to each message ends the server."""

import common

server = common.listen()
while True:
    with server.accept()[0] as client:
        while data := client.recv(1024):
            client.sendall("Received: " + data.decode())
