"""The program cat serves each client."""

import subprocess

import common


def serve(client):
    common.report("Received from now on, and sent back: all that comes")
    subprocess.run(["cat"], stdin=client, stdout=client, stderr=subprocess.DEVNULL, check=False)


common.run(common.open_port(common.ask_port()), serve)
