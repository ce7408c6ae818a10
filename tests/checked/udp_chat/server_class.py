"""A chat with socketserver, in threads."""

import contextlib
import socketserver

import common

members = {}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        name = members.setdefault(self.client_address, f"#{len(members) + 1}")
        for member in [*members]:
            if member != self.client_address:
                sock.sendto(name.encode() + b" > " + data, member)


with socketserver.ThreadingUDPServer(("", common.ask_port()), Handler) as server:
    server.daemon_threads = True
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
