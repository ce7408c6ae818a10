"""bind(), listen() and accept() make a server; in the wrong order the kernel refuses them."""

from contextlib import suppress
from socket import AF_INET, SOCK_DGRAM

from twisted_lab.show.narration import Socket, conclude, step
from twisted_lab.text.language import _

step(_("A server calls bind(), listen() and accept(), in this order. A client calls connect()."))
server = Socket("server")
server.bind(("127.0.0.1", 0))
server.listen(1)
client = Socket("client")
client.connect(server.getsockname())
connection, address = server.accept()

step(_("accept() before listen(): this socket does not listen."))
early = Socket("early")
with suppress(OSError):
    early.accept()

step(_("bind() for the second time: a socket has one address."))
early.bind(("127.0.0.1", 0))
with suppress(OSError):
    early.bind(("127.0.0.1", 0))

step(_("recv() before connect(): there is nobody to receive from."))
with suppress(OSError):
    early.recv(1024)

step(_("listen() and accept() by a client: its socket is the end of a connection."))
with suppress(OSError):
    client.listen(1)
with suppress(OSError):
    client.accept()

step(_("connect() by a server: a listening socket cannot become a client's."))
with suppress(OSError):
    server.connect(("127.0.0.1", 9))

step(_("A UDP server calls bind() alone: without connections there is nothing to accept."))
datagrams = Socket("datagrams", AF_INET, SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 0))
with suppress(OSError):
    datagrams.listen(1)

step(_("At the end every socket is closed."))
for each in (early, client, connection, server, datagrams):
    each.close()

conclude(
    _(
        "only a server calls listen() and accept(). It also calls bind(), which a client may call, "
        "but seldom needs."
    )
)
