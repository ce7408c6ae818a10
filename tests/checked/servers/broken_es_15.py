"""ES-15: one thread for all clients, and sendall() waits for the one that does not read."""

import select

import common

server = common.open_port(common.ask_port())
clients = []


def leave(client):
    common.report("Client disconnected")
    clients.remove(client)
    client.close()


def answer(client):
    try:
        data = client.recv(1024)
        common.report(f"Received {len(data)} bytes")
        client.sendall(data)
        common.report(f"Sent {len(data)} bytes")
    except OSError:
        data = b""
    if not data:
        leave(client)


try:
    while True:
        for ready in select.select([server, *clients], [], [])[0]:
            if ready is server:
                client, address = server.accept()
                clients.append(client)
                common.report(f"Client {address} connected")
            else:
                answer(ready)
except KeyboardInterrupt:
    common.report("Server stopped")
