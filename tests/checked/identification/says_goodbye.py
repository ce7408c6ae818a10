"""The server greets, says goodbye and closes: nothing is echoed."""

import common


def converse(client, host, greeting):
    try:
        with client:
            greeting(client, host, common.lines(client))
            common.say(client, "Goodbye")
    except (OSError, StopIteration):
        print(host, "has left")


common.run(answer=converse)
