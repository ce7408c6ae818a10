"""A word ends the connection, without an answer: the first argument."""

import sys

import common


def serve(client):
    while (data := client.recv(1024)) and data.strip() != sys.argv[1].encode():
        common.report(f"Received {len(data)} bytes")
        client.sendall(data)
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
