"""A good identification server; most servers of this folder change one part of it."""

import json
import socket
import threading

NAMES = "names.json"
lock = threading.Lock()


def load():
    """The names by address; none if the file is missing or damaged."""
    try:
        with open(NAMES, encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError):
        return {}


def save(names):
    with open(NAMES, "w", encoding="utf-8") as file:
        json.dump(names, file, ensure_ascii=False)


def find(host):
    return load().get(host)


def store(host, name):
    with lock:
        names = load()
        names[host] = name
        save(names)


def lines(client):
    """Yield the lines of a client, without their ends."""
    waiting = b""
    while data := client.recv(1024):
        *whole, waiting = (waiting + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").strip()


def say(client, text):
    client.sendall(f"{text}\n".encode())


def greet(client, host, heard):
    """Ask the client for its name unless it is known, and greet it."""
    name = find(host)
    while not name:
        say(client, "What is your name?")
        name = next(heard)[:64]
        if name:
            store(host, name)
    say(client, f"Hello, {name}!")


def converse(client, host, greeting):
    try:
        with client:
            heard = lines(client)
            greeting(client, host, heard)
            for line in heard:
                say(client, line)
    except (OSError, StopIteration):
        print(host, "has left")


def run(greeting=greet, answer=converse):
    with socket.create_server(("", 9090)) as server:
        print("The server listens on port 9090")
        try:
            while True:
                client, (host, _) = server.accept()
                print(host, "connected")
                threading.Thread(target=answer, args=(client, host, greeting), daemon=True).start()
        except KeyboardInterrupt:
            print("The server stops")


if __name__ == "__main__":
    run()
