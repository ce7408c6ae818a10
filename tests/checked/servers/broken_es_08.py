"""ES-8: half a character at the end of a portion is left out, instead of kept for the next one."""

import common


def without_half_character(data):
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.end == len(data):
            return data[: error.start]
    return data


def serve(client):
    while data := client.recv(65536):
        common.report(f"Received {len(data)} bytes")
        client.sendall(without_half_character(data))
        common.report(f"Sent {len(data)} bytes")


common.run(common.open_port(common.ask_port()), serve)
