"""The end of a client is reported as a message, received and sent."""

import common

sock = common.open_port(9090)
common.report("Сервер запущен")
try:
    while True:
        conn, addr = sock.accept()
        common.report(f"Подключился {addr}")
        while True:
            data = conn.recv(1024)
            common.report(f"Получено: {data}")
            conn.sendall(data)
            common.report(f"Отправлено: {data}")
            if not data:
                break
        conn.close()
        common.report(f"Отключился {addr}")
except KeyboardInterrupt:
    common.report("Сервер остановлен")
