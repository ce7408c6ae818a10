"""UC-12: a bare except catches Ctrl-C, too."""

import common

chat = common.Chat()
while True:
    try:
        chat.handle(*chat.socket.recvfrom(65535))
    except:
        print("Error", flush=True)
