"""Messages in JSON, as its own client sends them; anything else is refused. Correct, not offered."""

import json
import socket

import common

server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("", common.ask_port()))
members = set()
try:
    while True:
        data, address = server.recvfrom(65535)
        try:
            text = json.loads(data)["text"]
        except (ValueError, TypeError, KeyError):
            server.sendto(b'{"error": "bad message"}', address)
            continue
        members.add(address)
        for member in members - {address}:
            server.sendto(json.dumps({"from": str(address), "text": text}).encode(), member)
except KeyboardInterrupt:
    pass
