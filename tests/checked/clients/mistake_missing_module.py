"""Собственный модуль не сдан вместе с программой."""

import socket

from my_socket_utils import recv_message, send_message

sock = socket.socket()
sock.connect(("localhost", 9090))
while (msg := input()) != "exit":
    send_message(sock, msg)
    print(recv_message(sock))
sock.close()
