"""The end of a client is taken for a message, which the operator is asked to answer."""

import common

server = common.listen()
while True:
    conn, addr = server.accept()
    while True:
        print("Клиент:", conn.recv(1024).decode())
        conn.send(input("Ваш ответ: ").encode())
