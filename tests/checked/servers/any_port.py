"""The server lets the kernel choose its port, asks nothing, and uses the logging module."""

import logging
import socket

import common

logging.basicConfig(
    format="%(asctime)s %(levelname)s %(message)s",
    level=logging.INFO,
    handlers=[logging.FileHandler("events.log", encoding="utf-8"), logging.StreamHandler()],
)
common.report = logging.info
server = socket.create_server(("", 0))
logging.info("Server started, it listens on port %d", server.getsockname()[1])
common.run(server)
