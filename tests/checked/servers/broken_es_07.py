"""ES-7: a portion of one character is taken for a lone Enter, so a text that comes byte by byte is lost."""

import common


def is_text(data):
    try:
        return len(data.decode()) > 1
    except UnicodeDecodeError:
        return True  # part of a text, or a picture


def serve(client):
    while data := client.recv(1024):
        common.report(f"Received {len(data)} bytes")
        if is_text(data):
            client.sendall(data)
            common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
