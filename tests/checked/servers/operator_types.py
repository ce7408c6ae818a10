"""A person at the server types each answer. No echo by design."""

import common


def serve(client):
    while data := client.recv(1024):
        common.report(f"Client: {data.decode(errors='replace')}")
        client.sendall((input("Ваш ответ: ") + "\n").encode())
        common.report("Sent")


server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        common.converse(client, address, serve)
except (KeyboardInterrupt, EOFError):
    common.report("Server stopped")
