"""A client in one thread that waits for the terminal and the server at the same time."""

import codecs
import select
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
try:
    sock = socket.create_connection((host, port))
except OSError as error:
    sys.exit(f"cannot connect: {error}")
print("connected to", host, port)
decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
try:
    while True:
        readable, _, _ = select.select([sys.stdin, sock], [], [])
        if sock in readable:
            data = sock.recv(4096)
            if not data:
                print("the server has closed the connection")
                break
            text = decoder.decode(data)
            print("received:", "".join(c if c.isprintable() else "." for c in text))
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if line in ("", "exit\n"):
                break
            sock.sendall(line.encode())
            print("sent:", line, end="")
except OSError as error:
    print("connection lost:", error)
print("disconnected")
