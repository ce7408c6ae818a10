"""The answer is in upper case, also Cyrillic; a letter may come in two portions."""

import codecs

import common


def serve(client):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    while data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        client.sendall(decoder.decode(data).upper().encode(errors="surrogateescape"))
        common.report("Sent it in upper case")


common.run(common.open_port(common.ask_port()), serve)
