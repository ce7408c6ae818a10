"""TCP is a connection that carries bytes in order; UDP carries single datagrams to anybody."""

from contextlib import suppress
from socket import AF_INET, MSG_PEEK, MSG_WAITALL, SOCK_DGRAM, SOCK_STREAM

from twisted_lab.show.narration import Socket, conclude, step
from twisted_lab.text.language import _

step(_("TCP: first there has to be a connection."))
server = Socket("server", AF_INET, SOCK_STREAM)
server.bind(("127.0.0.1", 0))
server.listen(1)
client = Socket("client", AF_INET, SOCK_STREAM)
client.connect(server.getsockname())
connection, address = server.accept()

step(_("Two messages arrive as ten bytes: in order, but nothing tells where the first one ends."))
client.sendall(b"first")
client.sendall(b"again")
connection.recv(10, MSG_PEEK | MSG_WAITALL)  # waits for all 10 bytes, and leaves them there
connection.recv(1024)

step(_("UDP: there is no connection, and each datagram has an address."))
receiver = Socket("receiver", AF_INET, SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = Socket("sender", AF_INET, SOCK_DGRAM)
sender.sendto(b"first", receiver.getsockname())
sender.sendto(b"again", receiver.getsockname())

step(_("recvfrom() returns one datagram. What does not fit, here after 2 bytes, is thrown away."))
receiver.recvfrom(1024)
receiver.recvfrom(2)

step(_("Now nobody listens. TCP says so; UDP sends the datagram, and tells nothing."))
tcp_address, udp_address = server.getsockname(), receiver.getsockname()
server.close()
receiver.close()
late = Socket("late", AF_INET, SOCK_STREAM)
with suppress(ConnectionRefusedError):
    late.connect(tcp_address)
sender.sendto(b"hello", udp_address)

step(_("At the end every socket is closed."))
for each in (late, client, connection, sender):
    each.close()

conclude(
    _(
        "TCP delivers all bytes in order, or reports an error, but needs a connection and keeps no "
        "borders. UDP keeps them and needs no connection, but does not say what was lost."
    )
)
