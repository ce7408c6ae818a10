"""An echo client with a mistake: there are no defaults: Enter is an error like any other."""

import socket

from good import main, talk


def ask_port():
    while True:
        text = input("Port: ")
        if text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        print("A port is a number from 1 to 65535.")


def connect():
    while True:
        host = input("Host: ")
        port = ask_port()
        try:
            return socket.create_connection((host, port))
        except OSError as error:
            print(f"Cannot connect to {host}, port {port}: {error}")


main(connect, talk)
