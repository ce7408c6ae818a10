"""A client that makes a new connection for each line."""

import socket

from good import ask_port, show

host = input("Host [localhost]: ") or "localhost"
port = ask_port()
try:
    while (line := input("> ")) != "exit":
        with socket.create_connection((host, port)) as sock:
            print("Connected.")
            data = (line + "\n").encode()
            sock.sendall(data)
            print("Sent.")
            reply = sock.recv(len(data), socket.MSG_WAITALL)
            if reply:
                show(reply)
            else:
                print("The server closed the connection without an answer.")
        print("Disconnected.")
except EOFError:
    print("\nEnd of input.")
except OSError as error:
    print("The connection failed:", error)
