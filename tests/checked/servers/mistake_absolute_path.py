"""The log file has a path of the author's own computer."""

import common

common.LOG = "/home/ivan/Рабочий стол/lab1/server.log"
common.run(common.open_port(common.ask_port()))
