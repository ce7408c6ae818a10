"""An echo client with a mistake: it takes what one recv() returns for the whole reply."""

from good import connect, main, show


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        reply = sock.recv(65536)
        if not reply:
            print("The server closed the connection.")
            break
        show(reply)


main(connect, talk)
