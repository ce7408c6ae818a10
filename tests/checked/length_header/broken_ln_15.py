"""LN-15: int() of a header that is no number ends the server."""

import common

server = common.listen()
while True:
    with server.accept()[0] as client:
        common.serve(client)
