"""A service that takes commands in lines, and is no echo."""

import socket


def answer(command):
    words = command.split()
    if len(words) == 3 and words[0] == "LOGIN":
        return "ERROR wrong name or password"
    return "ERROR unknown command"


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 9090))
server.listen()
print("Start, port 9090")
try:
    while True:
        client, address = server.accept()
        print("Connected:", address)
        try:
            with client, client.makefile("rw", errors="replace") as file:
                for line in file:
                    print("Received a command")
                    file.write(answer(line) + "\n")
                    file.flush()
                    print("Sent an answer")
        except OSError as error:
            print("Error:", error)
        print("Disconnected:", address)
except KeyboardInterrupt:
    print("Stop")
