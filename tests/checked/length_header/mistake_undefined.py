"""It reads messages well, and answers with a name that it does not have."""

import common

server = common.listen()
while True:
    conn, addr = server.accept()
    while text := common.receive_message(conn):
        common.send_message(conn, data)  # noqa: F821
