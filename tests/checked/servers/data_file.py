"""Names of clients are in a file, data/names.txt; the server greets those it knows, and then echoes."""

from pathlib import Path

import common

NAMES = Path(__file__).parent / "data" / "names.txt"
names = dict(line.split("=") for line in NAMES.read_text(encoding="utf-8").splitlines())


def serve(client):
    address = client.getpeername()[0]
    if address in names:
        client.sendall(f"Здравствуйте, {names[address]}!\n".encode())
    else:
        client.sendall("Как вас зовут? ".encode())
        names[address] = client.recv(1024).decode(errors="replace").strip()
        NAMES.write_text("".join(f"{key}={name}\n" for key, name in names.items()), encoding="utf-8")
        client.sendall(f"Приятно познакомиться, {names[address]}!\n".encode())
    common.echo(client)


common.run(common.open_port(common.ask_port()), serve)
