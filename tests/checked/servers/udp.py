"""An echo by UDP: no TCP port is open, by design."""

import socket

import common

server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("", common.ask_port()))
common.report(f"Server started, it waits for datagrams on port {server.getsockname()[1]}")
try:
    while True:
        data, address = server.recvfrom(65535)
        common.report(f"Received {len(data)} bytes from {address}")
        server.sendto(data, address)
        common.report(f"Sent {len(data)} bytes")
except KeyboardInterrupt:
    common.report("Server stopped")
