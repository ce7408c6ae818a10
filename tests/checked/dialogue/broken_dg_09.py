"""DG-9: after exit, the loop goes on with a socket that is closed; that ends the server."""

import common

server = common.listen()
while True:
    client, _ = server.accept()
    try:
        while data := client.recv(1024):
            if data == b"exit":
                client.close()
            else:
                client.sendall(data)
    except ConnectionError as error:
        print("Client:", error)
    client.close()
