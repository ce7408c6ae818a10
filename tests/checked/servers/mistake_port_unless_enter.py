"""bind() is given a string if a number is typed; Enter works."""

import socket

port = input("Введите порт [9090]: ") or 9090
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", port))
sock.listen(1)
while True:
    conn, addr = sock.accept()
    print("Подключился", addr)
    while data := conn.recv(1024):
        conn.sendall(data)
    conn.close()
