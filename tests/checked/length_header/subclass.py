"""A subclass of socket.socket; eight digits with the length. It answers, and is no echo."""

import socket


class MessageSocket(socket.socket):
    def accept(self):
        number, address = self._accept()
        return MessageSocket(fileno=number), address

    def receive_all(self, size):
        data = self.recv(size, socket.MSG_WAITALL)
        if len(data) < size:
            raise ConnectionError("the client has left")
        return data

    def receive_message(self):
        return self.receive_all(int(self.receive_all(8))).decode()

    def send_message(self, text):
        data = text.encode()
        self.sendall(str(len(data)).zfill(8).encode() + data)


server = MessageSocket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 9090))
server.listen()
while True:
    with server.accept()[0] as client:
        try:
            while (text := client.receive_message()) != "exit":
                client.send_message(f"Принято символов: {len(text)}")
        except (OSError, ValueError) as error:
            print(error)
