"""No echo: a server that tells the time, and reads nothing."""

import time

import common


def serve(client):
    client.sendall(time.ctime().encode() + b"\r\n")


common.run(common.open_port(common.ask_port()), serve)
