"""One thread and epoll."""

import select

import common

server = common.open_port(common.ask_port())
server.setblocking(False)
poller = select.epoll()
poller.register(server, select.EPOLLIN)
clients = {}


def welcome():
    client, address = server.accept()
    client.setblocking(False)
    clients[client.fileno()] = client, bytearray()
    poller.register(client, select.EPOLLIN)
    common.report(f"Client {address} connected")


def leave(number):
    poller.unregister(number)
    clients.pop(number)[0].close()
    common.report("Client disconnected")


def talk(number, event):
    """It sends what waits before it reads more, so the queue stays small."""
    client, queue = clients[number]
    if event & select.EPOLLIN:
        queue += client.recv(1024)
        if not queue:
            leave(number)
            return
        common.report(f"Received {len(queue)} bytes")
    count = client.send(queue)
    common.report(f"Sent {count} bytes")
    del queue[:count]
    poller.modify(number, select.EPOLLOUT if queue else select.EPOLLIN)


def try_to_talk(number, event):
    try:
        talk(number, event)
    except BlockingIOError:
        poller.modify(number, select.EPOLLOUT)
    except OSError:
        leave(number)


try:
    while True:
        for number, event in poller.poll():
            if number == server.fileno():
                welcome()
            else:
                try_to_talk(number, event)
except KeyboardInterrupt:
    common.report("Server stopped")
