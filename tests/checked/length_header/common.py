"""A good threaded server: each message has its length in ten characters before it."""

import socket
import threading

SIZE = 10


def receive(client, size):
    """Exactly so many bytes; b"" if the client leaves before all are there."""
    data = b""
    while len(data) < size:
        portion = client.recv(min(size - len(data), 4096))
        if not portion:
            return b""
        data += portion
    return data


def receive_message(client):
    """A message, or None at the end."""
    header = receive(client, SIZE)
    if not header:
        return None
    length = int(header)
    data = receive(client, length)
    return data if len(data) == length else None


def send_message(client, data):
    client.sendall(f"{len(data):<{SIZE}}".encode() + data)


def serve(client):
    while (data := receive_message(client)) is not None:
        send_message(client, data)


def converse(client, serve):
    with client:
        try:
            serve(client)
        except (OSError, ValueError) as error:
            print("Client:", error)


def listen():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("", 9090))
    server.listen()
    return server


def run(serve=serve):
    server = listen()
    while True:
        threading.Thread(target=converse, args=(server.accept()[0], serve), daemon=True).start()


if __name__ == "__main__":
    run()
