"""ES-19: the server says where it listens, and nothing after that."""

import socket
import threading

import common


def serve(client):
    with client:
        try:
            while data := client.recv(1024):
                client.sendall(data)
        except OSError:
            pass


port = common.ask_port()
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    server.bind(("", port))
    server.listen()
except OSError:
    server = socket.create_server(("", 0))
print("Port", server.getsockname()[1], flush=True)
try:
    while True:
        client, address = server.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
except KeyboardInterrupt:
    pass
