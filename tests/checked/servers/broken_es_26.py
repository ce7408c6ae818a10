"""ES-26: the log waits in a buffer, and os._exit() does not write it."""

import os

import common

log = open("server.log", "w", buffering=1 << 20, encoding="utf-8")


def report(text):
    print(text, flush=True)
    log.write(text + "\n")
    if text == "Server stopped":
        os._exit(0)


common.report = report
common.run(common.open_port(common.ask_port()))
