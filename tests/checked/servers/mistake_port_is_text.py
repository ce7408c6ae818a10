"""bind() is given a string in place of a number."""

import socket

port = input("Введите порт: ") or "9090"
sock = socket.socket()
sock.bind(("", port))
sock.listen(1)
while True:
    conn, addr = sock.accept()
    print("Подключился", addr)
    while data := conn.recv(1024):
        conn.sendall(data)
    conn.close()
