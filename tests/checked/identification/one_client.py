"""The server serves one client, stores its name in a binary file, and ends."""

import pickle
import socket

FILE = "users.pkl"
try:
    with open(FILE, "rb") as file:
        users = pickle.load(file)
except Exception:
    users = {}

with socket.create_server(("", 9090)) as server:
    print("Listening on 9090")
    client, (host, _) = server.accept()
if host in users:
    client.sendall(("Good day, " + users[host]).encode())
else:
    client.sendall(b"Please introduce yourself: ")
    users[host] = client.recv(1024).decode(errors="replace")
    with open(FILE, "wb") as file:
        pickle.dump(users, file)
while data := client.recv(1024):
    client.sendall(data.upper())
