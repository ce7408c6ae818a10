"""The server of the lecture: exit stops it. This is weak, and no more."""

import common

server = common.listen()
data = b""
while data != b"exit":
    with server.accept()[0] as client:
        try:
            while (data := client.recv(1024)) and data != b"exit":
                client.sendall(b"OK")
        except OSError as error:
            print(error)
