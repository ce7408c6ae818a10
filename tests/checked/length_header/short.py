"""One byte with the length; one client at a time."""

import common

server = common.listen()
while True:
    with server.accept()[0] as client:
        try:
            while header := client.recv(1):
                data = b""
                while len(data) < header[0]:
                    portion = client.recv(header[0] - len(data))
                    if not portion:
                        raise ConnectionError("the client has left")
                    data += portion
                client.sendall(header + data)
        except OSError as error:
            print(error)
