"""shutdown(SHUT_WR) ends one direction of a connection; the other one goes on."""

from contextlib import suppress
from socket import SHUT_WR

from twisted_lab.show.narration import Socket, conclude, step
from twisted_lab.text.language import _

step(_("A client connects to a server."))
server = Socket("server")
server.bind(("127.0.0.1", 0))
server.listen(1)
client = Socket("client")
client.connect(server.getsockname())
connection, address = server.accept()

step(_("The client sends its question, and then says that nothing will follow."))
client.sendall(b"question")
client.shutdown(SHUT_WR)

step(_("The server receives the question, and then the end: recv() returns no bytes."))
connection.recv(1024)
connection.recv(1024)

step(_("The connection is not over: the server answers, and the client receives."))
connection.sendall(b"answer")
client.recv(1024)

step(_("Only the client's direction has ended: it can send no more."))
with suppress(BrokenPipeError):
    client.send(b"one more question")

step(_("The server closes its end. Now the client receives the end, too."))
connection.close()
client.recv(1024)

step(_("At the end every socket is closed."))
client.close()
server.close()

conclude(
    _(
        "a connection has two directions, and each ends for itself. b'' from recv() says that the "
        "other end sends no more; it may still receive."
    )
)
