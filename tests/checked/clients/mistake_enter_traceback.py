"""Enter на вопрос о порте вызывает ValueError: int('')."""

import socket

sock = socket.socket()
host = input("Введите имя хоста: ")
port = int(input("Введите порт: "))
sock.connect((host, port))
print("Соединение установлено")
while True:
    msg = input()
    if msg == "exit":
        break
    sock.send(msg.encode())
    print("Отправлено")
    print("Получено:", sock.recv(1024).decode())
sock.close()
print("Соединение закрыто")
