"""An echo client that asks for host and port, and sends lines until exit."""

import socket


def ask_port():
    while True:
        text = input("Port [9090]: ") or "9090"
        if text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        print("A port is a number from 1 to 65535.")


def connect():
    while True:
        host = input("Host [127.0.0.1]: ") or "127.0.0.1"
        port = ask_port()
        try:
            return socket.create_connection((host, port))
        except OSError as error:
            print(f"Cannot connect to {host}, port {port}: {error}")


def show(data):
    text = data.decode(errors="replace").rstrip("\n")
    # Control characters could clear the screen, so they are shown as \x1b and the like.
    print("Received:", "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


def talk(sock):
    while (line := input("> ")) != "exit":
        data = (line + "\n").encode()
        sock.sendall(data)
        print("Sent:", len(data), "bytes")
        # An echo is as long as what was sent, in however many pieces it comes.
        reply = sock.recv(len(data), socket.MSG_WAITALL)
        if not reply:
            print("The server closed the connection.")
            break
        show(reply)


def main(connect, talk):
    try:
        with connect() as sock:
            print("Connected to", sock.getpeername()[:2])
            talk(sock)
        print("Disconnected.")
    except EOFError:
        print("\nEnd of input: disconnected.")
    except OSError as error:
        print("The connection failed:", error)


if __name__ == "__main__":
    main(connect, talk)
