"""ID-9: of a name that arrives in two segments the first one is lost."""

import common


def lines(client):
    while data := client.recv(1024):
        if data.endswith(b"\n"):
            yield data.decode(errors="replace").strip()


common.lines = lines
common.run()
