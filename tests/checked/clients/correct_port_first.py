"""Клиент, который сначала спрашивает порт: print(), потом input() без текста."""

import socket
import sys

from good import main, talk


def connect():
    while True:
        try:
            print("Введите номер порта (Enter - 9090)")
            port = int(input() or 9090)
        except ValueError:
            print("Это не число, беру 9090.")
            port = 9090
        print("Введите IP-адрес сервера (Enter - localhost)")
        host = input() or "localhost"
        try:
            return socket.create_connection((host, port))
        except (OverflowError, socket.gaierror) as error:
            print("Такого адреса нет:", error)


main(connect, talk)
print("Нажмите Enter, чтобы выйти...")
sys.stdin.readline()
