"""The name is a line: readline() waits for its end, wherever the network cuts it."""

import common


def greet(client, host, heard):
    name = common.find(host)
    if not name:
        client.sendall(b"Your name: ")
        with client.makefile(encoding="utf-8") as file:
            name = file.readline().strip()
        if not name:
            return
        common.store(host, name)
    common.say(client, f"Hello, {name}!")


common.run(greet)
