"""После пустой строки ничего не отправлено, а recv() ждёт ответа."""

import socket

s = socket.socket()
s.connect(("localhost", 9090))
print("Соединение установлено")
while True:
    line = input("> ")
    if line == "exit":
        break
    s.send(line.encode())
    print("Отправлено:", line)
    print("Получено:", s.recv(1024).decode())
s.close()
print("Соединение закрыто")
