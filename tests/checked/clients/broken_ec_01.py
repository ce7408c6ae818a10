"""An echo client with a mistake: it never calls connect()."""

import socket

from good import ask_port, main, talk


def connect():
    host = input("Host [127.0.0.1]: ") or "127.0.0.1"
    port = ask_port()
    print(f"Connecting to {host}, port {port}")
    return socket.socket()


main(connect, talk)
