"""The arguments of socket() choose layers 3 and 4, and the kernel writes their headers."""

from contextlib import suppress
from socket import AF_INET, IPPROTO_UDP, SOCK_DGRAM, SOCK_RAW, inet_ntoa

from twisted_lab.show.narration import Socket, conclude, fact, step
from twisted_lab.text.language import _

step(_("The first argument of socket() chooses the network layer (3): AF_INET is IPv4."))
step(_("The second one chooses the transport layer (4): SOCK_DGRAM is UDP, SOCK_STREAM is TCP."))
receiver = Socket("receiver", AF_INET, SOCK_DGRAM)
receiver.bind(("127.0.0.77", 0))  # an address of this machine that others hardly use
address, port = receiver.getsockname()
sender = Socket("sender", AF_INET, SOCK_DGRAM)

step(_("A raw socket has no transport layer; the third argument says whose packets it receives."))
raw = None
with suppress(OSError):  # the kernel refuses it to ordinary users
    raw = Socket("raw", AF_INET, SOCK_RAW, IPPROTO_UDP)
    raw.bind((address, 0))

step(_("The application sends five bytes, and receives five bytes. It sees no header."))
sender.sendto(b"hello", (address, port))
receiver.recvfrom(1024)

if raw is None:
    step(_("The refusal is an answer, too: what is below the transport belongs to the kernel."))
    step(_("As root this program shows the headers: 20 bytes for IP, and 8 bytes for UDP."))
else:
    step(_("The raw socket shows the headers that the kernel has put before these bytes."))
    packet = raw.recv(1024)
    while packet[22:24] != port.to_bytes(2, "big"):  # another program's packet
        packet = raw.recv(1024)
    source, target = inet_ntoa(packet[12:16]), inet_ntoa(packet[16:20])
    fact(_("layer 3, IP: 20 bytes, from {source} to {target}", source=source, target=target))
    sent_from = int.from_bytes(packet[20:22], "big")
    fact(
        _("layer 4, UDP: 8 bytes, from port {sent_from} to {port}", sent_from=sent_from, port=port)
    )
    fact(_("layers 5 to 7, the application: {data}", data=packet[28:]))
    raw.close()

step(_("At the end every socket is closed."))
sender.close()
receiver.close()

conclude(
    _(
        "a socket stands between the application (layers 5 to 7) and the transport layer (4), "
        "which it chooses, together with the network layer (3) below."
    )
)
