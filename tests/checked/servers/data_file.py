"""Names of clients are in data/names.txt; the server greets those it knows, and asks others."""

from pathlib import Path

import common

NAMES = Path(__file__).parent / "data" / "names.txt"
names = dict(line.split("=") for line in NAMES.read_text(encoding="utf-8").splitlines())


def remember(address, name):
    names[address] = name
    NAMES.write_text("".join(f"{key}={name}\n" for key, name in names.items()), encoding="utf-8")


def serve(client):
    address = client.getpeername()[0]
    if address in names:
        client.sendall(f"Здравствуйте, {names[address]}!\n".encode())
    else:
        client.sendall("Как вас зовут? ".encode())
        name = client.recv(1024).decode(errors="replace").strip()
        if not name:
            return
        remember(address, name)
        client.sendall(f"Приятно познакомиться, {name}!\n".encode())
    common.echo(client)


common.run(common.open_port(common.ask_port()), serve)
