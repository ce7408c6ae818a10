"""ES-10: the message is collected until a pause; a FIN before the pause drops it."""

import common


def receive(client):
    client.settimeout(None)
    message = client.recv(1024)
    client.settimeout(0.2)
    try:
        while data := client.recv(1024):
            message += data
    except TimeoutError:
        client.settimeout(None)
        return message
    return b""  # the client has gone


def serve(client):
    while message := receive(client):
        common.report(f"Received {len(message)} bytes")
        client.sendall(message)
        common.report(f"Sent {len(message)} bytes")


common.run(common.open_port(common.ask_port()), serve)
