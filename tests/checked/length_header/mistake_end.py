"""The end of a client is taken for a header: int("") ends the server."""

import common

server = common.listen()
while True:
    conn, addr = server.accept()
    while True:
        length = int(conn.recv(common.SIZE).decode())
        common.send_message(conn, common.receive(conn, length))
