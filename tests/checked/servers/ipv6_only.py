"""The server has no IPv4 address."""

import socket

import common


def open_port(port):
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        server.bind(("::", port))
        server.listen()
    except OSError:
        return open_port(port + 1)
    common.report(f"Server started, it listens on port {port}")
    return server


common.run(open_port(common.ask_port()))
