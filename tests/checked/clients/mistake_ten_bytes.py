"""recv(10) считается целым ответом, и показываются байты."""

import socket

sock = socket.socket()
sock.connect(("localhost", 9090))
print("Соединение с сервером")
while (msg := input("Введите строку: ")) != "exit":
    sock.sendall(msg.encode("utf-8"))
    print("Отправка данных серверу")
    data = sock.recv(10)
    print("Приём данных от сервера:", data)
sock.close()
print("Разрыв соединения с сервером")
