"""A greeting before the echo."""

import common


def serve(client):
    client.sendall("Добро пожаловать на эхо-сервер!\n".encode())
    common.echo(client)


common.run(common.open_port(common.ask_port()), serve)
