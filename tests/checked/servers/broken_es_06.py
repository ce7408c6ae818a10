"""ES-6: bytes that are not UTF-8 come back as question marks, because the server takes all for text."""

import codecs

import common


def serve(client):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while data := client.recv(1024):
        text = decoder.decode(data)
        common.report(f"Received {len(text)} characters")
        client.sendall(text.encode())
        common.report(f"Sent {len(text)} characters")


common.run(common.open_port(common.ask_port()), serve)
