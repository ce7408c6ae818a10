"""An echo client with a mistake: it asks for host and port, but does not use the answers."""

import socket

from good import ask_port, main, talk


def connect():
    while True:
        host = input("Host [127.0.0.1]: ") or "127.0.0.1"
        port = ask_port()
        try:
            return socket.create_connection(("127.0.0.1", 9090))
        except OSError as error:
            print(f"Cannot connect to {host}, port {port}: {error}")


main(connect, talk)
