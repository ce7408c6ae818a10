"""A subclass that leaves accept() as it is: the socket of a client has none of its methods."""

import socket


class Messages(socket.socket):
    def receive(self):
        return self.recv(int(self.recv(10)))

    def answer(self, data):
        self.sendall(f"{len(data):<10}".encode() + data)


server = Messages()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 9090))
server.listen()
while True:
    conn, addr = server.accept()
    while data := conn.receive():
        conn.answer(data)
