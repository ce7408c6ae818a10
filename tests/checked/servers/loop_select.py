"""One thread, select(), and a queue for each client; a client that does not read is not read from."""

import select

import common

LIMIT = 100_000
server = common.open_port(common.ask_port())
queues = {}


def leave(client):
    del queues[client]
    client.close()
    common.report("Client disconnected")


def receive(client):
    if data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        queues[client] += data
    else:
        client.setblocking(True)
        client.settimeout(1)
        client.sendall(queues[client])
        leave(client)


def send(client):
    count = client.send(queues[client])
    common.report(f"Sent {count} bytes")
    del queues[client][:count]


try:
    while True:
        readers = [client for client, queue in queues.items() if len(queue) < LIMIT]
        writers = [client for client, queue in queues.items() if queue]
        readable, writable, _ = select.select([server, *readers], writers, [])
        for ready, act in [(c, send) for c in writable] + [(c, receive) for c in readable]:
            if ready is server:
                client, address = server.accept()
                client.setblocking(False)
                queues[client] = bytearray()
                common.report(f"Client {address} connected")
            elif ready in queues:
                try:
                    act(ready)
                except OSError:
                    leave(ready)
except KeyboardInterrupt:
    common.report("Server stopped")
