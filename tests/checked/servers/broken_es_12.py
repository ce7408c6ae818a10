"""ES-12: the server does not catch ConnectionResetError: a client's reset ends it."""

import common

server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        common.report(f"Client {address} connected")
        common.echo(client)
        client.close()
        common.report(f"Client {address} disconnected")
except KeyboardInterrupt:
    common.report("Server stopped")
