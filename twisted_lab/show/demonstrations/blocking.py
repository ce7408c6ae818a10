"""accept(), recv(), sendall() and connect() wait until the other end has done its part."""

from contextlib import suppress
from socket import SO_RCVBUF, SO_SNDBUF, SOL_SOCKET

from twisted_lab.show.narration import Socket, conclude, step
from twisted_lab.text.language import _

step(_("bind() and listen() do not wait: they need nobody else."))
server = Socket("server")
server.setsockopt(SOL_SOCKET, SO_RCVBUF, 10000)  # a small buffer, for sendall() below
server.bind(("127.0.0.1", 0))
server.listen(1)

step(_("accept() waits for a client, as long as it takes. Here it gives up after 0.2 s."))
server.settimeout(0.2)
with suppress(TimeoutError):
    server.accept()

step(_("connect() waits for an answer. The server's kernel gives it, before accept()."))
client = Socket("client")
client.setsockopt(SOL_SOCKET, SO_SNDBUF, 10000)
client.connect(server.getsockname())

step(_("Now a client is there, and accept() returns at once."))
connection, address = server.accept()

step(_("recv() waits until at least one byte is there, or the other end has closed."))
connection.settimeout(0.2)
with suppress(TimeoutError):
    connection.recv(1024)

step(
    _(
        "When a byte is there it returns at once. sendall() does not wait, either: the kernel "
        "keeps the bytes."
    )
)
client.sendall(b"hello")
connection.recv(1024)

step(_("The kernel's buffers are limited: sendall() waits if the other end does not read."))
client.settimeout(0.2)
with suppress(TimeoutError):
    client.sendall(b"x" * 1_000_000)

step(_("At the end every socket is closed."))
client.close()
connection.close()
server.close()

conclude(
    _(
        "accept(), recv(), send(), sendall() and connect() wait for the other end, and meanwhile "
        "the program does nothing else."
    )
)
