"""A good threaded server of numbered messages, as in the lecture; exit ends a dialogue."""

import socket
import threading


def serve(client):
    number = 1
    client.sendall(b"Message 1:")
    while (data := client.recv(1024)) and data.strip() != b"exit":
        number += 1
        client.sendall(b"Your message: " + data + f"\nMessage {number}:".encode())


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
