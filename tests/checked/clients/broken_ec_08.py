"""An echo client with a mistake: the end of the input gives a traceback."""

from good import connect, talk


def main(connect, talk):
    try:
        with connect() as sock:
            print("Connected to", sock.getpeername()[:2])
            talk(sock)
        print("Disconnected.")
    except OSError as error:
        print("The connection failed:", error)


main(connect, talk)
