"""An operator answers each message; one client at a time, and exit ends a dialogue."""

import common

server = common.listen()
while True:
    with server.accept()[0] as client:
        print("Клиент подключился")
        try:
            while (data := client.recv(1024)) and data != b"exit":
                print("Клиент:", data.decode(errors="replace"))
                client.sendall(input("Ваш ответ: ").encode())
        except OSError as error:
            print(error)
