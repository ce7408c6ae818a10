"""recv(n) в цикле каждый раз просит n байт, и к заголовку попадает начало текста."""

import socket


class Sock(socket.socket):
    def recv_all(self, n):
        data = b""
        while len(data) < n:
            part = self.recv(n)
            if not part:
                return None
            data += part
        return data

    def recv_msg(self):
        h = self.recv_all(10)
        if h is None:
            return None
        return self.recv_all(int(h))

    def send_msg(self, data):
        self.sendall(f"{len(data):010d}".encode() + data)

    def accept(self):
        fd, addr = self._accept()
        return Sock(self.family, self.type, self.proto, fileno=fd), addr


s = Sock()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 9090))
s.listen(5)
while True:
    conn, addr = s.accept()
    while True:
        m = conn.recv_msg()
        if m is None:
            break
        conn.send_msg(m)
    conn.close()
