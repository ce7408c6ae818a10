"""recv() returns the bytes that are there: less than a message, or more than one."""

from socket import MSG_PEEK, MSG_WAITALL

from twisted_lab.show.narration import Socket, conclude, fact, step
from twisted_lab.text.language import _

step(_("A client connects to a server."))
server = Socket("server")
server.bind(("127.0.0.1", 0))
server.listen(1)
client = Socket("client")
client.connect(server.getsockname())
connection, address = server.accept()

step(_("The client sends once. recv() returns at most as many bytes as it asks for."))
client.sendall(b"hello, world")
connection.recv(5)
connection.recv(5)

step(_("If there are fewer, it does not wait for more."))
connection.recv(1024)

step(_("The client sends twice. One recv() returns both messages: nothing separates them."))
client.sendall(b"first")
client.sendall(b"again")
connection.recv(10, MSG_PEEK | MSG_WAITALL)  # waits for all 10 bytes, and leaves them there
connection.recv(1024)

step(_("The remedy: a message begins with its length, here in 4 bytes. A part of it arrives."))
message = (12).to_bytes(4, "big") + b"hello, world"
client.sendall(message[:10])
data = connection.recv(1024)

step(_("The receiver calls recv() until it has as many bytes as the length says."))
client.sendall(message[10:])
length = int.from_bytes(data[:4], "big")  # a real receiver also waits for all 4 bytes
while len(data) < 4 + length:
    data += connection.recv(4 + length - len(data))
fact(data[4:])

step(_("At the end every socket is closed."))
client.close()
connection.close()
server.close()

conclude(
    _(
        "TCP carries a stream of bytes, not messages. The programs have to agree where a message "
        "ends: by its length, or by a character such as the newline."
    )
)
