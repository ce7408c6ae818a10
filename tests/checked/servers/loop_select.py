"""One thread, select(), and a queue for each client; who does not read is not read from."""

import select

import common

LIMIT = 100_000
server = common.open_port(common.ask_port())
queues = {}
ended = set()  # they have sent their FIN


def welcome():
    client, address = server.accept()
    client.setblocking(False)
    queues[client] = bytearray()
    common.report(f"Client {address} connected")


def receive(client):
    data = client.recv(1024)
    common.report(f"Received {len(data)} bytes")
    queues[client] += data
    if not data:
        ended.add(client)


def send(client):
    count = client.send(queues[client])
    common.report(f"Sent {count} bytes")
    del queues[client][:count]


def leave(client):
    del queues[client]
    ended.discard(client)
    client.close()
    common.report("Client disconnected")


def serve(client, is_readable):
    try:
        if is_readable:
            receive(client)
        else:
            send(client)
        if client in ended and not queues[client]:
            leave(client)
    except OSError:
        leave(client)


try:
    while True:
        readers = [c for c, queue in queues.items() if c not in ended and len(queue) < LIMIT]
        writers = [c for c, queue in queues.items() if queue]
        readable, writable, _ = select.select([server, *readers], writers, [])
        for client in {*readable, *writable}:
            if client is server:
                welcome()
            else:
                serve(client, client in readable)
except KeyboardInterrupt:
    common.report("Server stopped")
