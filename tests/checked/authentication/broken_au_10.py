"""AU-10: everything that is received is printed."""

import common


def lines(client):
    for data in iter(lambda: client.recv(1024), b""):
        common.report(f"Received {data}")
        yield data.decode(errors="replace").strip()


common.lines = lines
common.run()
