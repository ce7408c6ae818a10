"""Sockets carry bytes: both ends have to agree how text becomes bytes, and where it ends."""

from contextlib import suppress

from twisted_lab.show.narration import Socket, conclude, fact, step
from twisted_lab.text.language import _

step(_("A client connects to a server."))
server = Socket("server")
server.bind(("127.0.0.1", 0))
server.listen(1)
client = Socket("client")
client.connect(server.getsockname())
connection, address = server.accept()

step(_("A socket does not take text."))
with suppress(TypeError):
    client.send("Привет")

step(_("encode() makes bytes of it. In UTF-8 each of these 6 letters takes 2 bytes."))
client.sendall("Привет\n".encode("utf-8"))

step(_("recv() may stop within a letter: 5 bytes are two letters and a half."))
data = connection.recv(5)
try:
    data.decode("utf-8")
except UnicodeDecodeError as error:
    fact(f"data.decode('utf-8') -> UnicodeDecodeError: {error.reason}")

step(_("So first all bytes are collected, here up to the newline, and only then decoded."))
while not data.endswith(b"\n"):
    data += connection.recv(1024)
fact(f"data.decode('utf-8') -> {data.decode('utf-8')!r}")

step(_("In another encoding, cp866, the same bytes are other letters, and there is no error."))
fact(f"data.decode('cp866') -> {data.decode('cp866')!r}")

step(_("At the end every socket is closed."))
client.close()
connection.close()
server.close()

conclude(
    _(
        "text is encoded before it is sent. The receiver collects the bytes of a whole message, "
        "and decodes them with the same encoding."
    )
)
