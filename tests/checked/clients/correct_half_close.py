"""Sends one line, ends its direction, and reads until the server closes, too."""

import socket


def talk(client):
    client.sendall(input("Text: ").encode())
    client.shutdown(socket.SHUT_WR)
    print("Sent")
    answer = b""
    while portion := client.recv(1024):
        answer += portion
    text = answer.decode(errors="replace")
    print("Received:", "".join(letter for letter in text if letter.isprintable()))


try:
    with socket.create_connection(("localhost", 9090)) as client:
        print("Connected")
        talk(client)
        print("Disconnected")
except (OSError, EOFError) as error:
    print("The end:", error)
