"""A new program serves each client: this one, with the client as its standard input."""

import socket
import subprocess
import sys

import common

if len(sys.argv) == 3:
    common.converse(socket.socket(fileno=0), sys.argv[1:])
    sys.exit()

server = common.open_port(common.ask_port())
try:
    while True:
        client, address = server.accept()
        subprocess.Popen([sys.executable, __file__, address[0], str(address[1])], stdin=client)
        client.close()
except KeyboardInterrupt:
    common.report("Server stopped")
