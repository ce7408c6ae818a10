"""The log is opened with "w" for each event, which empties it."""

import common


def report(text):
    with open("server.log", "w", encoding="utf-8") as log:
        log.write(text + "\n")


common.report = report
common.run(common.open_port(common.ask_port()))
