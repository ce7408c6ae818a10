"""ES-5: a select loop that does not look at what send() returns: a full buffer takes a part."""

import select

import common

server = common.open_port(common.ask_port())
clients = []


def leave(client):
    common.report("Client disconnected")
    clients.remove(client)
    client.close()


def answer(client):
    try:
        data = client.recv(1024)
        common.report(f"Received {len(data)} bytes")
        if data:
            client.send(data)
            common.report(f"Sent {len(data)} bytes")
        else:
            leave(client)
    except BlockingIOError:
        common.report("The client is slow")
    except OSError:
        leave(client)


try:
    while True:
        for ready in select.select([server, *clients], [], [])[0]:
            if ready is server:
                client, address = server.accept()
                client.setblocking(False)
                clients.append(client)
                common.report(f"Client {address} connected")
            else:
                answer(ready)
except KeyboardInterrupt:
    common.report("Server stopped")
