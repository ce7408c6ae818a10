"""A person at the server types each answer. No echo by design.

With `name`, the first message of a client is its name; with `shows`, nobody answers.
"""

import sys

import common


def serve(client):
    if "name" in sys.argv:
        client.sendall(b"Who are you?")
        client.recv(1024)
    while data := client.recv(1024):
        common.report(f"Client: {data.decode(errors='replace')}")
        if "shows" not in sys.argv:
            client.sendall((input("Ваш ответ: ") + "\n").encode())
            common.report("Sent")


server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        common.converse(client, address, serve)
except (KeyboardInterrupt, EOFError):
    common.report("Server stopped")
