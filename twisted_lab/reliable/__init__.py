"""Reliable protocol: messages over datagrams, each once and in order, without network or clock."""

from twisted_lab.reliable.address_validator import AMPLIFICATION, AddressValidator
from twisted_lab.reliable.client_endpoint import ClientEndpoint, NotServed, OtherVersion, Stage
from twisted_lab.reliable.cookies import CookieSecrets, OwnSecrets, SharedSecrets
from twisted_lab.reliable.packets import (
    MARK,
    BadPacket,
    Data,
    Hello,
    Open,
    Packet,
    Refusal,
    Side,
    Welcome,
    decode,
    is_sealed,
    seal,
)
from twisted_lab.reliable.session import Session, State

__all__ = [
    "AMPLIFICATION",
    "MARK",
    "AddressValidator",
    "BadPacket",
    "ClientEndpoint",
    "CookieSecrets",
    "Data",
    "Hello",
    "NotServed",
    "Open",
    "OtherVersion",
    "OwnSecrets",
    "Packet",
    "Refusal",
    "Session",
    "SharedSecrets",
    "Side",
    "Stage",
    "State",
    "Welcome",
    "decode",
    "is_sealed",
    "seal",
]
