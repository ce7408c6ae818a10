"""The end of a client is taken for a message, and answered until send() fails."""

import common

server = common.listen()
while True:
    conn, addr = server.accept()
    number = 0
    while True:
        data = conn.recv(1024)
        number += 1
        conn.send(f"Сообщение {number}: ".encode() + data)
