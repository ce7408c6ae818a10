"""A receiver that does not keep up loses datagrams, and the sender is not told."""

from contextlib import suppress
from socket import AF_INET, SO_RCVBUF, SOCK_DGRAM, SOL_SOCKET

from twisted_lab.show.kernel_tables import udp_drops
from twisted_lab.show.narration import Socket, conclude, fact, step
from twisted_lab.text.language import _

step(_("The receiver gets a small buffer. Linux doubles it: its own notes need room, too."))
receiver = Socket("receiver", AF_INET, SOCK_DGRAM)
receiver.setsockopt(SOL_SOCKET, SO_RCVBUF, 5000)
receiver.getsockopt(SOL_SOCKET, SO_RCVBUF)
receiver.bind(("127.0.0.1", 0))
address, port = receiver.getsockname()

step(_("The sender sends datagrams of 1000 bytes. The kernel takes each of them."))
sender = Socket("sender", AF_INET, SOCK_DGRAM)
for number in range(1, 13):
    sender.sendto(f"datagram {number} ".encode().ljust(1000), (address, port))
while udp_drops(port) == 0:
    pass  # until the buffer is full, and the kernel has thrown a datagram away

step(_("Only now the receiver reads. After 0.2 s without a datagram it stops."))
received = 0
receiver.settimeout(0.2)
with suppress(TimeoutError):
    while True:
        receiver.recv(1024)
        received += 1

step(_("The first ones were there. The kernel has thrown the others away, and told nobody."))
fact(_("sent: {n}", n=number))
fact(_("received: {n}", n=received))
fact(_("/proc/net/udp: {n} thrown away", n=udp_drops(port)))

step(_("At the end every socket is closed."))
sender.close()
receiver.close()

conclude(
    _(
        "datagrams are lost without a network, too, if the receiver is too slow. sendto() says "
        "only that the kernel has taken one. Whether it arrived, the receiver has to say."
    )
)
