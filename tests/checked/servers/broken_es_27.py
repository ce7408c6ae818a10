"""ES-27: the log waits in a buffer until the server ends."""

import common

log = open("server.log", "w", buffering=1 << 20, encoding="utf-8")


def report(text):
    print(text, flush=True)
    log.write(text + "\n")


common.report = report
common.run(common.open_port(common.ask_port()))
