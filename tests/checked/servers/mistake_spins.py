"""At the end of a connection recv() returns b"" at once, for ever: the loop never ends."""

import common


def serve(client):
    while True:
        data = client.recv(1024)
        client.send(data)


common.run(common.open_port(common.ask_port()), serve)
