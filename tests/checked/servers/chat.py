"""A chat: what a client says goes to all others, not back to it. No echo by design."""

import common

clients = set()


def send(client, data):
    try:
        client.sendall(data)
    except OSError as error:
        common.report(f"Not sent: {error}")


def serve(client):
    clients.add(client)
    try:
        while data := client.recv(1024):
            common.report(f"Received {len(data)} bytes")
            for other in clients - {client}:
                send(other, data)
                common.report(f"Sent {len(data)} bytes")
    finally:
        clients.remove(client)


common.run(common.open_port(common.ask_port()), serve)
