"""Настройки лежат по абсолютному пути, которого на другом компьютере нет."""

import json
import socket

with open("/home/anna/PycharmProjects/lab1/settings.json") as file:
    settings = json.load(file)

sock = socket.socket()
sock.connect((settings["host"], settings["port"]))
while (msg := input()) != "exit":
    sock.send(msg.encode())
    print(sock.recv(1024).decode())
sock.close()
