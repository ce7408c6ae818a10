"""One client after the other, in Russian, what recv() brings is a message, CSV file."""

import csv
import socket

port = int(input("Введите номер порта: ") or 9090)
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", port))
sock.listen(5)
print("Сервер слушает порт", port)


def known():
    try:
        with open("имена.csv", encoding="utf-8", newline="") as file:
            return {row[0]: row[1] for row in csv.reader(file) if len(row) == 2 and row[1]}
    except OSError:
        return {}


while True:
    try:
        conn, addr = sock.accept()
        name = known().get(addr[0])
        if name:
            conn.send(f"С возвращением, {name}!".encode())
        else:
            conn.send("Как Вас зовут?".encode())
            name = conn.recv(1024).decode(errors="replace").strip()
            if name:
                with open("имена.csv", "a", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerow([addr[0], name])
                conn.send(f"Очень приятно, {name}".encode())
        while conn.recv(1024):
            conn.send("Принято".encode())
        conn.close()
    except KeyboardInterrupt:
        print("Остановка сервера")
        break
    except OSError as error:
        print("Ошибка:", error)
