"""LN-8: ten portions, whatever the length is."""

import common


def serve(client):
    while header := common.receive(client, common.SIZE):
        data = b""
        for _ in range(10):
            if len(data) < int(header):
                portion = client.recv(min(int(header) - len(data), 4096))
                if not portion:
                    return
                data += portion
        common.send_message(client, data)


common.run(serve)
