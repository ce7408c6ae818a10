"""The end of a client is taken for an empty message, and answered until send() fails."""

import common

server = common.listen()
while True:
    conn, addr = server.accept()
    while True:
        length = int(conn.recv(common.SIZE) or 0)
        common.send_message(conn, common.receive(conn, length))
