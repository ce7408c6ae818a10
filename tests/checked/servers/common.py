"""A good threaded echo server; most servers of this folder use its parts."""

import socket
import threading

LOG = "server.log"


def report(text):
    """An event, on the console and in the log file; closing the file flushes it."""
    print(text, flush=True)
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(text + "\n")


def ask_port():
    while True:
        text = input("Port of the server [9090]: ")
        if not text:
            return 9090
        if text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        print("A port is a number from 1 to 65535.")


def open_port(port):
    """A listening socket on this port, or on the next one that is free."""
    while True:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("", port))
            server.listen()
        except OSError as error:
            report(f"Port {port}: {error.strerror}")
            server.close()
            port = port + 1 if port < 65535 else 1024
        else:
            report(f"Server started, it listens on port {port}")
            return server


def echo(client):
    while data := client.recv(1024):
        report(f"Received {len(data)} bytes")
        client.sendall(data)
        report(f"Sent {len(data)} bytes")


def converse(client, address, serve=echo):
    report(f"Client {address[0]}:{address[1]} connected")
    try:
        serve(client)
    except OSError as error:
        report(f"Client {address[0]}:{address[1]}: {error}")
    finally:
        client.close()
        report(f"Client {address[0]}:{address[1]} disconnected")


def run(server, serve=echo):
    """Serve each client in a thread, until Ctrl-C."""
    try:
        while True:
            threading.Thread(target=converse, args=(*server.accept(), serve), daemon=True).start()
    except KeyboardInterrupt:
        report("Server stopped")


if __name__ == "__main__":
    run(open_port(ask_port()))
