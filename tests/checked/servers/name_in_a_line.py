"""The server asks for a name, which ends with a newline, and greets. No echo by design."""

import common


def serve(client):
    with client.makefile("rw", encoding="utf-8", errors="replace") as stream:
        stream.write("Как вас зовут?\n")
        stream.flush()
        if name := stream.readline().strip():
            stream.write(f"Приятно познакомиться, {name}!\n")


common.run(common.open_port(common.ask_port()), serve)
