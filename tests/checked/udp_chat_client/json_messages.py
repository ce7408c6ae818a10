"""Messages in JSON, with the name of the speaker; its own and all others are left out."""

import json
import socket
import threading

server = input("Server: "), int(input("Port: "))
name = input("Name: ")
client = socket.socket(type=socket.SOCK_DGRAM)


def receive():
    while True:
        try:
            message = json.loads(client.recv(65535))
            if message["name"] != name:
                print(message["name"], "says", message["text"], flush=True)
        except (ValueError, TypeError, KeyError):
            continue


client.sendto(json.dumps({"name": name, "text": "joins"}).encode(), server)
threading.Thread(target=receive, daemon=True).start()
while (line := input()) != "exit":
    client.sendto(json.dumps({"name": name, "text": line}).encode(), server)
