"""Клиент с входом: имя и пароль уходят первой строкой, пароль не виден при вводе."""

import getpass
import socket

from good import connect, main, show, talk


def login(sock):
    data = f"{input('Логин: ')} {getpass.getpass('Пароль: ')}\n".encode()
    sock.sendall(data)
    show(sock.recv(len(data), socket.MSG_WAITALL))
    talk(sock)


main(connect, login)
