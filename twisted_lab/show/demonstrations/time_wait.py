"""After a connection its address stays in use for a while, in the state TIME_WAIT."""

from contextlib import suppress
from socket import SHUT_WR, SO_REUSEADDR, SOL_SOCKET

from twisted_lab.show.kernel_tables import tcp_sockets
from twisted_lab.show.narration import Socket, conclude, fact, step
from twisted_lab.text.language import _


def serve_one_client(reuse: int) -> tuple[str, int]:
    """Serve one client, stop, and return the server's address."""
    server = Socket("server")
    server.setsockopt(SOL_SOCKET, SO_REUSEADDR, reuse)
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    client = Socket("client")
    client.connect(server.getsockname())
    connection, client_address = server.accept()
    connection.shutdown(SHUT_WR)
    client.recv(1024)
    client.close()
    connection.recv(1024)  # b'': the client has ended it, too
    host, port = server.getsockname()
    connection.close()
    server.close()
    return host, port


def start_again(address: tuple[str, int], reuse: int) -> None:
    """Try to have the address again."""
    again = Socket("again")
    again.setsockopt(SOL_SOCKET, SO_REUSEADDR, reuse)
    with suppress(OSError):
        again.bind(address)
    again.close()


step(_("A server is the first to end its connection, and stops. All sockets are closed."))
address = serve_one_client(reuse=0)

step(_("The kernel keeps the connection for a minute: late packets must not reach a new one."))
for each in tcp_sockets(port=address[1]):
    fact(each)

step(_("So the next server cannot have this address, with SO_REUSEADDR or without."))
start_again(address, reuse=0)
start_again(address, reuse=1)

step(_("Once more, with a first server that sets SO_REUSEADDR itself, before bind()."))
address = serve_one_client(reuse=1)
for each in tcp_sockets(port=address[1]):
    fact(each)
start_again(address, reuse=1)

conclude(_("a server that always sets SO_REUSEADDR before bind() can start again at once."))
