"""The usual client of a lesson: one line, one answer; the address is fixed. In Russian."""

import socket

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    text = input("Введите сообщение: ")
    if text == "exit":
        break
    client.sendto(text.encode(), ("127.0.0.1", 5005))
    data, address = client.recvfrom(1024)
    print("Ответ сервера:", data.decode("utf-8", "replace"))
