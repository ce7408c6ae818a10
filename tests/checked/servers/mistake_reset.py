"""A server for one client after the other, without a try: a reset ends it."""

import socket

print("Запуск сервера")
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
port = input("Введите номер порта (по умолчанию 9090): ")
port = int(port) if port.isdigit() else 9090
sock.bind(("", port))
sock.listen(1)
print(f"Сервер слушает порт {port}")

while True:
    conn, addr = sock.accept()
    print("Клиент подключился:", addr)
    while True:
        data = conn.recv(1024)
        if not data:
            break
        print("Получено:", data)
        conn.send(data)
        print("Отправлено:", data)
    conn.close()
    print("Клиент отключился:", addr)
