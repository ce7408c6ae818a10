"""A chat: what a client says goes to all others, not back to it. No echo by design."""

import common

clients = set()


def serve(client):
    clients.add(client)
    try:
        while data := client.recv(1024):
            common.report(f"Received {len(data)} bytes")
            for other in clients - {client}:
                other.sendall(data)
            common.report(f"Sent to {len(clients) - 1} others")
    finally:
        clients.remove(client)


common.run(common.open_port(common.ask_port()), serve)
