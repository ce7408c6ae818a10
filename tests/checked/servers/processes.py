"""A process for each client."""

import multiprocessing
import signal

import common


def serve(client, address):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    common.converse(client, address)


server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        multiprocessing.get_context("fork").Process(
            target=serve, args=(client, address), daemon=True
        ).start()
        client.close()
except KeyboardInterrupt:
    common.report("Server stopped")
