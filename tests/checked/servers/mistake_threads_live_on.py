"""Каждого клиента обслуживает поток, который не демон: после Ctrl-C процесс ждёт его клиента."""

import threading

import common

server = common.open_port(9090)
try:
    while True:
        threading.Thread(target=common.converse, args=server.accept()).start()
except KeyboardInterrupt:
    common.report("Сервер остановлен")
