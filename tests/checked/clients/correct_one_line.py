"""Клиент, который спрашивает адрес и порт в одной строке."""

import socket

from good import main, talk


def connect():
    while True:
        text = input("Введите адрес и порт сервера через пробел [127.0.0.1 9090]: ")
        try:
            host, port = (text or "127.0.0.1 9090").split()
            return socket.create_connection((host, int(port)))
        except (ValueError, OverflowError, socket.gaierror):
            print("Нужен адрес и число от 1 до 65535, например: 127.0.0.1 9090")


main(connect, talk)
