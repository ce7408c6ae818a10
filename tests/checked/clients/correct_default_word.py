"""A client whose default has a name: the word `default` at each question."""

import socket

from good import main, talk


def connect():
    while True:
        host = input("Enter server address or 'default' for localhost: ")
        port = input("Enter port or 'default' for 9090: ")
        host = "localhost" if host == "default" else host
        port = 9090 if port == "default" else port
        try:
            return socket.create_connection((host, int(port)))
        except (ValueError, OverflowError, socket.gaierror):
            print("Wrong address, try again.")


main(connect, talk)
