"""DG-11: the server does not catch ConnectionResetError: a client's reset ends it."""

import common

server = common.listen()
while True:
    with server.accept()[0] as client:
        while (data := client.recv(1024)) and data.strip() != b"exit":
            client.sendall(data)
