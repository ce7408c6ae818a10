"""Клиент с потоком, который показывает всё, что приходит."""

import codecs
import os
import socket
import threading


def receive(sock):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    try:
        while data := sock.recv(1024):
            text = decoder.decode(data)
            print("".join(c if c.isprintable() or c == "\n" else "?" for c in text), flush=True)
            print("Данные получены.")
        print("Сервер закрыл соединение.")
    except OSError as error:
        print("Соединение потеряно:", error)
    os._exit(0)  # основной поток ждёт в input()


def ask(prompt, default):
    return input(f"{prompt} (по умолчанию {default}): ") or default


host = ask("Введите имя хоста", "localhost")
while not (port := ask("Введите порт", "9090")).isdecimal() or not 0 < int(port) < 65536:
    print("Порт - это число от 1 до 65535!")

try:
    sock = socket.create_connection((host, int(port)))
except OSError as error:
    print("Не удалось соединиться с сервером:", error)
else:
    print("Соединение с сервером установлено.")
    threading.Thread(target=receive, args=[sock], daemon=True).start()
    try:
        while (line := input()) != "exit":
            sock.sendall(line.encode() + b"\n")
            print("Данные отправлены.")
    except (EOFError, OSError):
        pass
    print("Соединение разорвано.")
