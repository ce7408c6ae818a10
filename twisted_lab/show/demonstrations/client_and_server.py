"""A server's socket waits for clients; a client's socket connects to it."""

from contextlib import suppress

from twisted_lab.show.narration import Socket, conclude, step
from twisted_lab.text.language import _

step(_("The server makes a socket and gives it an address. For port 0 the kernel chooses one."))
server = Socket("server")
server.bind(("127.0.0.1", 0))

step(_("listen() makes it a listening socket: from now on clients can connect to it."))
server.listen(1)

step(_("The client makes the same type of socket. It needs no bind(): connect() gives it a port."))
client = Socket("client")
client.connect(server.getsockname())

step(_("accept() returns one more socket, for this client alone. It has the server's port."))
connection, address = server.accept()

step(_("From now on both ends are alike: each of them sends and receives."))
client.sendall(b"hello")
data = connection.recv(1024)
connection.sendall(data.upper())
client.recv(1024)

step(_("The listening socket receives no data: it only accepts connections."))
with suppress(OSError):  # the kernel refuses
    server.recv(1024)

step(_("At the end every socket is closed."))
client.close()
connection.close()
server.close()

conclude(
    _(
        "a client has one socket, which connects. A server has one that listens, and one more for "
        "each client, which is like the client's."
    )
)
