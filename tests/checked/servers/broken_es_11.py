"""ES-11: one accept() without a loop: the server ends with its first client."""

import common

server = common.open_port(common.ask_port())
try:
    client, address = server.accept()
    common.converse(client, address)
except KeyboardInterrupt:
    pass
common.report("Server stopped")
