"""ID-7: a client that leaves instead of an answer ends the server."""

import os

import common


def greet(client, host, heard):
    try:
        common.greet(client, host, heard)
    except StopIteration:
        os._exit(1)


common.run(greet)
