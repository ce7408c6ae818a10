"""An echo client with a mistake: it decodes each portion of a reply separately."""

from good import connect, main, show


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        missing = len(data)
        while missing and (portion := sock.recv(min(missing, 1024))):
            missing -= len(portion)
            show(portion)
        if missing:
            print("The server closed the connection.")
            break


main(connect, talk)
