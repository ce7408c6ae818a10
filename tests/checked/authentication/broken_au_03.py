"""AU-3: the server says that the password is wrong, and goes on as usual."""

import common


def refuse(client, name, heard):
    common.say(client, "Wrong password")
    common.serve(client, name, heard)


def serve(client, name, heard):
    for line in heard:
        common.say(client, line)


common.serve, common.refuse = serve, refuse
common.run()
