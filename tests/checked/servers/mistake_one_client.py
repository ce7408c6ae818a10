"""The template of the course, nearly as it is: one client, and the end."""

import socket

sock = socket.socket()
print("Запуск сервера")
sock.bind(("", 9090))
sock.listen(0)
print("Начало прослушивания порта 9090")
conn, addr = sock.accept()
print("Подключение клиента", addr)

while True:
    data = conn.recv(1024)
    if not data:
        break
    print("Приём данных от клиента:", data)
    conn.send(data.upper())
    print("Отправка данных клиенту:", data.upper())

conn.close()
print("Отключение клиента")
sock.close()
print("Остановка сервера")
