"""socketserver, with a thread for each client; on another port if the first is taken."""

import socketserver

import common


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        common.converse(self.request, self.client_address)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def open_server(port):
    try:
        return Server(("", port), Handler)
    except OSError:
        return Server(("", 0), Handler)


with open_server(common.ask_port()) as server:
    common.report(f"Server started, it listens on port {server.server_address[1]}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        common.report("Server stopped")
