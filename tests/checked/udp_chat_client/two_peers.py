"""Without a server: each of two programs binds a port, and sends to that of the other."""

import socket
import threading

mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mine.bind(("0.0.0.0", int(input("My port: "))))
friend = input("Friend's IP: "), int(input("Friend's port: "))


def receive():
    while True:
        print("Friend:", mine.recvfrom(4096)[0].decode(errors="replace"), flush=True)


threading.Thread(target=receive, daemon=True).start()
while (line := input("> ")) != "exit":
    mine.sendto(line.encode(), friend)
