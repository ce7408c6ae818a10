"""The server asks a client for a name before the echo."""

import common


def serve(client):
    client.sendall(b"What's your name?")
    if name := client.recv(1024).strip():
        common.report(f"The client's name is {name}")
        client.sendall(b"Hello, " + name)
        common.echo(client)


common.run(common.open_port(common.ask_port()), serve)
