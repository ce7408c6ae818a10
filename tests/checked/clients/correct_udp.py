"""The client of a chat over UDP."""

import socket
import threading

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server = (input("Server [localhost]: ") or "localhost", 9090)
sock.sendto(f"/name {input('Name: ')}".encode(), server)


def receive():
    while True:
        print(sock.recv(65536).decode(errors="replace"))


threading.Thread(target=receive, daemon=True).start()
while (line := input()) != "exit":
    sock.sendto(line.encode(), server)
