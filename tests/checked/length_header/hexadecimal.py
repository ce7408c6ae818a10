"""Six hexadecimal digits with the length, also before the questions of a login."""

import common


def receive(client):
    header = common.receive(client, 6)
    data = common.receive(client, int(header, 16)) if header else b""
    if not data:
        raise ConnectionError("the client has left")
    return data.decode()


def send(client, text):
    data = text.encode()
    client.sendall(f"{len(data):06X}".encode() + data)


def serve(client):
    send(client, "Введите имя: ")
    send(client, f"Здравствуйте, {receive(client)}!")
    while True:
        send(client, f"Вы написали: {receive(client)}")


common.run(serve)
