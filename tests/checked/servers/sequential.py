"""One client after the other."""

import socket


def ask_port():
    while True:
        answer = input("Введите порт сервера (Enter - 9090): ").strip()
        if not answer:
            return 9090
        try:
            port = int(answer)
        except ValueError:
            print("Порт должен быть числом!")
            continue
        if 1024 <= port <= 65535:
            return port
        print("Порт должен быть от 1024 до 65535!")


def serve(conn, addr):
    print("Подключение клиента:", addr)
    try:
        while True:
            data = conn.recv(1024)
            if not data:
                break
            print("Приём данных от клиента:", data)
            conn.sendall(data)
            print("Отправка данных клиенту:", data)
    except OSError as error:
        print("Ошибка связи:", error)
    conn.close()
    print("Отключение клиента:", addr)


port = ask_port()
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print("Запуск сервера")
try:
    sock.bind(("", port))
except OSError:
    print(f"Порт {port} занят, выбираю другой")
    sock.bind(("", 0))
sock.listen(1)
print("Начало прослушивания порта", sock.getsockname()[1])
try:
    while True:
        serve(*sock.accept())
except KeyboardInterrupt:
    sock.close()
    print("Остановка сервера")
