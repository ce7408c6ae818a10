"""Клиент, который сначала спрашивает имя и ставит его перед каждым сообщением."""

import socket

from good import connect, main, show

name = input("Как вас зовут? ") or "Аноним"


def talk(sock):
    while (line := input(f"{name}: ")) != "exit":
        data = f"{name}: {line}\n".encode()
        sock.sendall(data)
        print("Сообщение отправлено")
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("Сервер закрыл соединение")
            break
        show(reply)


main(connect, talk)
