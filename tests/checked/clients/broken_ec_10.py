"""An echo client with a mistake: a refused connection gives a traceback."""

import socket

from good import ask_port, talk


def connect():
    while True:
        host = input("Host [127.0.0.1]: ") or "127.0.0.1"
        port = ask_port()
        try:
            return socket.create_connection((host, port))
        except socket.gaierror as error:
            print(f"Cannot connect to {host}, port {port}: {error}")


def main(connect, talk):
    try:
        with connect() as sock:
            print("Connected to", sock.getpeername()[:2])
            talk(sock)
        print("Disconnected.")
    except EOFError:
        print("\nEnd of input: disconnected.")
    except (BrokenPipeError, ConnectionResetError) as error:
        print("The connection failed:", error)


main(connect, talk)
