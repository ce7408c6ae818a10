"""Collects all that a client sends until it has ended its direction, and then returns it."""

from __future__ import annotations

import socket

with socket.create_server(("", 9090)) as listener:
    print("The server has started.")
    try:
        while True:
            connection, address = listener.accept()
            print(f"{address} connected.")
            text = b""
            with connection:
                try:
                    while data := connection.recv(1024):
                        text += data
                    print(f"{len(text)} bytes received.")
                    connection.sendall(text)
                    print("Sent back.")
                except OSError as error:
                    print(error)
            print(f"{address} disconnected.")
    except KeyboardInterrupt:
        print("The server has stopped.")
