"""AU-1: the server ends before it listens: its file of users lies on another computer."""

import common

with open("/home/student/lab/users.json") as file:
    print(len(file.read()))
common.run()
