"""The kernel connects clients before accept(), and keeps them in a queue of limited length."""

from contextlib import suppress

from twisted_lab.show.kernel_tables import tcp_sockets
from twisted_lab.show.narration import Socket, conclude, fact, step
from twisted_lab.text.language import _


def queue_length(port: int) -> int:
    """Return how many clients wait for accept(), which is in the kernel's table."""
    return sum(each.queue for each in tcp_sockets(port) if each.state == "LISTEN")


step(_("The server listens, but does not accept. Its queue has room for 1 client; Linux adds 1."))
server = Socket("server")
server.bind(("127.0.0.1", 0))
server.listen(1)
address, port = server.getsockname()

step(_("Two clients connect. The kernel answers them; the server's program does nothing."))
first = Socket("first")
first.connect((address, port))
second = Socket("second")
second.connect((address, port))
while queue_length(port) < 2:
    pass  # the kernel may need a moment
fact(_("/proc/net/tcp: {n} clients wait for accept()", n=queue_length(port)))

step(_("A client can send already: the kernel keeps the bytes for the server."))
first.sendall(b"hello")

step(_("The queue is full: the third client gets no answer. It gives up after 0.3 s."))
third = Socket("third")
third.settimeout(0.3)
with suppress(TimeoutError):
    third.connect((address, port))

step(_("accept() takes the first client from the queue. There is room for one more."))
connection, client_address = server.accept()
connection.recv(1024)
fourth = Socket("fourth")
fourth.connect((address, port))

step(_("At the end every socket is closed."))
for each in (first, second, third, fourth, connection, server):
    each.close()

conclude(
    _(
        "a client is connected before accept(), which only takes it from the queue. If a server "
        "is slow to accept, the queue fills, and clients wait without knowing why."
    )
)
