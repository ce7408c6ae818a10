"""One message for each connection; it ends with a pause of half a second, or with the client's FIN."""

import common


def serve(client):
    message = client.recv(1024)
    client.settimeout(0.5)
    try:
        while data := client.recv(1024):
            message += data
    except TimeoutError:
        pass
    client.settimeout(None)
    common.report(f"Received {len(message)} bytes")
    client.sendall(message)
    common.report(f"Sent {len(message)} bytes")


common.run(common.open_port(common.ask_port()), serve)
