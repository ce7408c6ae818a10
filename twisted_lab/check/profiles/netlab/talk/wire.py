"""The framings of docs/protocols.md.

They are written anew: a check that shared the code of the services could not find its mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Message = tuple[str, int]  # the text, and how many bytes it takes with its framing


@dataclass(frozen=True, slots=True)
class Framing:
    """A framing.

    Attributes:
        name: Its name, as ``--framing`` has it.
        encode: Returns a message on the wire, as a service sends it.
        decode: Returns the first message of received bytes; None if it is not whole.
        count: What a length counts, as ``--count`` has it; "" for the default.
    """

    name: str
    encode: Callable[[str], bytes]
    decode: Callable[[bytes], Message | None]
    count: str = ""


def _decode_line(data: bytes) -> Message | None:
    line, end, _ = data.partition(b"\n")
    return (line.decode(), len(line) + 1) if end else None


def _encode_int32(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def _decode_int32(data: bytes) -> Message | None:
    end = 4 + int.from_bytes(data[:4], "big")
    return (data[4:end].decode(), end) if 4 <= end <= len(data) and len(data) >= 4 else None


def _header(base: str, digits: int, count: str = "") -> Framing:
    form, number = (("d", 10), ("x", 16))[base == "hex"]

    def encode(text: str) -> bytes:
        size = len(text) if count else len(text.encode())
        return f"{size:0{digits}{form}}{text}".encode()

    def decode(data: bytes) -> Message | None:
        if len(data) < digits:
            return None
        size, rest = int(data[:digits], number), data[digits:]
        if count:
            size = len(rest.decode(errors="ignore")[:size].encode())
            if len(rest[:size].decode(errors="ignore")) < int(data[:digits], number):
                return None
        return (rest[:size].decode(), digits + size) if size <= len(rest) else None

    return Framing(f"{base}:{digits}", encode, decode, count)


TEXT = Framing("text", lambda text: f"{text}\n".encode(), _decode_line)
INT32 = Framing("int32", _encode_int32, _decode_int32)
DECIMAL = _header("decimal", 4)
HEX = _header("hex", 8)
CHARACTERS = _header("decimal", 10, "characters")
FRAMINGS = (TEXT, INT32, DECIMAL, HEX, CHARACTERS)
