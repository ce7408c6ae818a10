"""A command for each datagram, and other ones in the answers: not offered."""

import socket
import threading

client = socket.socket(type=socket.SOCK_DGRAM)
client.connect((input("Host: "), int(input("Port: "))))


def receive():
    while True:
        command, _, text = client.recv(65535).decode(errors="replace").partition("|")
        if command == "SAID":
            print(text, flush=True)


client.send(b"JOIN|")
threading.Thread(target=receive, daemon=True).start()
while (line := input("> ")) != "exit":
    client.send(f"SAY|{line}".encode())
