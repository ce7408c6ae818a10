"""After each client, the server asks its operator whether to go on."""

import common

server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        common.converse(client, address)
        if input("Ждать следующего клиента? (да/нет): ").strip().lower() in ("нет", "н", "n", "no"):
            break
except (KeyboardInterrupt, EOFError):
    pass
common.report("Server stopped")
