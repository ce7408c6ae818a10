"""The length comes as a number in a segment of its own, after a login with name and password."""

import common


def say(client, text):
    client.sendall(str(len(text)).encode())
    client.sendall(text)


def hear(client):
    header = client.recv(1024)
    text = b""
    while len(text) < int(header or 0):
        text += client.recv(int(header) - len(text))
    return text


def serve(client):
    try:
        say(client, b"Hello, enter your name: ")
        hear(client)
        say(client, b"And your password: ")
        hear(client)
        say(client, b"Welcome")
        while text := hear(client):
            common.report(f"Received {len(text)} bytes")
            say(client, text)
            common.report(f"Sent {len(text)} bytes")
    except ValueError as error:
        common.report(f"No header: {error}")


common.run(common.open_port(common.ask_port()), serve)
