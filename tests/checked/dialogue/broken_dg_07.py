"""DG-7: only the first word of what the operator types is sent."""

import common


def serve(client):
    while data := client.recv(1024):
        print("Клиент:", data.decode(errors="replace"))
        words = input("Ваш ответ: ").split()
        client.sendall(words[0].encode() if words else b"-")


server = common.listen()
while True:
    common.converse(server.accept()[0], serve)
