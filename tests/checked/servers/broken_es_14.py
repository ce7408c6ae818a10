"""ES-14: each client has a thread, but a lock is held for a whole conversation."""

import threading

import common

lock = threading.Lock()


def serve(client):
    with lock:
        common.echo(client)


common.run(common.open_port(common.ask_port()), serve)
