"""ES-13: the first byte is looked at without asking whether there is one."""

import common


def serve(client):
    data = client.recv(1024)
    common.report(f"The first byte is {data[0]}")
    while data:
        common.report(f"Received {len(data)} bytes")
        client.sendall(data)
        common.report(f"Sent {len(data)} bytes")
        data = client.recv(1024)


server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        common.converse(client, address, serve)
except KeyboardInterrupt:
    common.report("Server stopped")
