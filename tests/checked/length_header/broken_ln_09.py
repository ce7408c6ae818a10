"""LN-9: the header of the answer counts characters."""

import common


def serve(client):
    while (data := common.receive_message(client)) is not None:
        text = data.decode()
        client.sendall(f"{len(text):<{common.SIZE}}{text}".encode())


common.run(serve)
