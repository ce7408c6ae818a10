"""A client that waits for the server's greeting first, as in the lecture."""

from good import connect, main, show, talk


def greeted(sock):
    show(sock.recv(1024))
    talk(sock)


main(connect, greeted)
