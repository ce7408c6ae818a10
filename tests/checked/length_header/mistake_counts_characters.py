"""Ответ с русским словом перед текстом: в заголовке число букв, а не байтов."""

import socket

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 9095))
server.listen()
while True:
    conn, addr = server.accept()
    while header := conn.recv(4, socket.MSG_WAITALL):
        text = conn.recv(int(header), socket.MSG_WAITALL).decode()
        answer = "Сервер получил: " + text
        conn.sendall(f"{len(answer):04}{answer}".encode())
    conn.close()
