"""После exit сокет закрыт, но цикл ещё раз посылает: traceback и статус 1."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")
msg = ""
while msg != "exit":
    msg = input("> ")
    if msg == "exit":
        sock.close()
        print("Разрыв соединения")
    sock.send(msg.encode())
    print("Отправлено. Получено:", sock.recv(1024).decode())
