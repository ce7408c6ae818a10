"""A message ends with a pause of 0.2 s; it is answered as a whole, also after the client's FIN."""

import common


def serve(client):
    while message := client.recv(1024):
        client.settimeout(0.2)
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
