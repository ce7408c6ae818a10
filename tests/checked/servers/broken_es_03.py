"""ES-3: the first message is answered; later ones on the same connection are read, no more."""

import common


def receive(client):
    """A whole message: it ends where half a second passes without a byte."""
    message = client.recv(1024)
    client.settimeout(0.5)
    try:
        while data := client.recv(1024):
            message += data
    except TimeoutError:
        pass
    client.settimeout(None)
    return message


def serve(client):
    message = receive(client)
    common.report(f"Received {len(message)} bytes")
    client.sendall(message)
    common.report(f"Sent {len(message)} bytes")
    while client.recv(1024):
        pass


common.run(common.open_port(common.ask_port()), serve)
