"""DG-1: bind(), and no listen()."""

import socket
import time

server = socket.socket()
server.bind(("", 9090))
time.sleep(60)
