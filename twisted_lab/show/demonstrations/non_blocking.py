"""A non-blocking socket never waits; the program asks the kernel which sockets are ready."""

from contextlib import suppress
from socket import SO_ERROR, SOL_SOCKET

from twisted_lab.show.narration import Socket, conclude, fact, select, step
from twisted_lab.text.language import _

step(_("A non-blocking socket does not wait for a client: accept() fails at once."))
server = Socket("server")
server.bind(("127.0.0.1", 0))
server.listen(1)
server.setblocking(False)
with suppress(BlockingIOError):
    server.accept()

step(_("connect() only begins to connect."))
client = Socket("client")
client.setblocking(False)
with suppress(BlockingIOError):
    client.connect(server.getsockname())

step(_("select() waits until the client can send. Then SO_ERROR tells the result: 0 is success."))
select([], [client], [])
client.getsockopt(SOL_SOCKET, SO_ERROR)

step(_("select() waits for several sockets, here for input, and returns those that are ready."))
select([server, client], [], [])
connection, address = server.accept()

step(_("recv() does not wait for bytes, either. select() tells when they are there."))
with suppress(BlockingIOError):
    client.recv(1024)
connection.sendall(b"hello")
select([client], [], [])
client.recv(1024)

step(_("send() takes what fits into the kernel's buffer. The program has to keep the rest."))
total = 0
with suppress(BlockingIOError):
    while True:
        total += client.send(b"x" * 1_000_000)
fact(_("taken: {total:,} bytes", total=total))

step(_("At the end every socket is closed."))
client.close()
connection.close()
server.close()

conclude(
    _(
        "a non-blocking call answers at once, if only with an error. With select() one thread can "
        "serve many clients: it waits for all of them together."
    )
)
