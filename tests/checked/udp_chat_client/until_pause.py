"""After each line, all that comes is shown until nothing has come for half a second."""

import socket

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.5)
while (text := input("Сообщение: ")) != "exit":
    client.sendto(text.encode(), ("192.168.1.10", 12345))
    try:
        while True:
            data, address = client.recvfrom(1024)
            print(address, data.decode(errors="ignore"))
    except TimeoutError:
        pass
