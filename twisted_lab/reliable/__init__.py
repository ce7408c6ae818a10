"""Messages over datagrams, each once and in order: packets and time in, packets and times out."""

from twisted_lab.reliable.cookies import Cookies
from twisted_lab.reliable.packets import Ack, BadPacket, Data, Packet, decode
from twisted_lab.reliable.receiver import Receiver, TooLong
from twisted_lab.reliable.sender import Sender
from twisted_lab.reliable.timer import RetransmissionTimer

__all__ = [
    "Ack",
    "BadPacket",
    "Cookies",
    "Data",
    "Packet",
    "Receiver",
    "RetransmissionTimer",
    "Sender",
    "TooLong",
    "decode",
]
