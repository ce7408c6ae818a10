"""One recv(), one send(), and the next client: of a long text, only 1,024 bytes come back."""

import common


def serve(client):
    data = client.recv(1024)
    common.report(f"Received {data}")
    client.send(data)
    common.report(f"Sent {data}")


common.run(common.open_port(common.ask_port()), serve)
