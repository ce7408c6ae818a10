"""Nothing waits for long: the server looks for clients, and for their data, every 50 ms."""

import time

import common

server = common.open_port(common.ask_port())
server.setblocking(False)


def serve(client):
    client.setblocking(False)
    while True:
        try:
            data = client.recv(1024)
        except BlockingIOError:
            time.sleep(0.05)
            continue
        if not data:
            return
        common.report(f"Received {len(data)} bytes")
        client.setblocking(True)
        client.sendall(data)
        client.setblocking(False)
        common.report(f"Sent {len(data)} bytes")


try:
    while True:
        try:
            client, address = server.accept()
        except BlockingIOError:
            time.sleep(0.05)
        else:
            common.converse(client, address, serve)
except KeyboardInterrupt:
    common.report("Server stopped")
