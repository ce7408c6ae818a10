"""Клиент, который посылает строку без перевода строки и ждёт ответа не больше 3 секунд."""

from good import connect, main, show


def talk(sock):
    sock.settimeout(3)
    while (line := input("Введите сообщение: ")) != "exit":
        data = line.encode()
        sock.sendall(data)
        print("Отправлено")
        reply = b""
        while len(reply) < len(data):
            portion = sock.recv(1024)
            if not portion:
                print("Сервер закрыл соединение")
                return
            reply += portion
        show(reply)


main(connect, talk)
