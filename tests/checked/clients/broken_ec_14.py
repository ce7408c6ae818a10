"""An echo client with a mistake: a port that is no number gives a traceback."""

import socket

from good import main, talk


def ask_port():
    return int(input("Port [9090]: ") or "9090")


def connect():
    while True:
        host = input("Host [127.0.0.1]: ") or "127.0.0.1"
        port = ask_port()
        try:
            return socket.create_connection((host, port))
        except OSError as error:
            print(f"Cannot connect to {host}, port {port}: {error}")


main(connect, talk)
