"""ES-23: `except:` catches Ctrl-C, too, and the loop goes on."""

import threading

import common

server = common.open_port(common.ask_port())
while True:
    try:
        client, address = server.accept()
        threading.Thread(target=common.converse, args=(client, address), daemon=True).start()
    except:
        common.report("Server stopped")
