"""ES-24: accept() does not wait, and the loop asks again at once: it uses a whole processor."""

import threading

import common

server = common.open_port(common.ask_port())
server.setblocking(False)
try:
    while True:
        try:
            client, address = server.accept()
        except BlockingIOError:
            continue
        client.setblocking(True)
        threading.Thread(target=common.converse, args=(client, address), daemon=True).start()
except KeyboardInterrupt:
    common.report("Server stopped")
