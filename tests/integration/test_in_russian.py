"""A server and its client on terminals in Russian."""

from __future__ import annotations

import re
from pathlib import Path

from tests.clients import CLIENT, Terminal
from tests.processes import BIN

RUSSIAN = {"LANGUAGE": "", "LANG": "ru_RU.UTF-8", "LC_ALL": ""}


def test_a_server_and_its_client_talk_russian_to_people(tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = ("--ask", "--database", str(tmp_path / "names"), "--log-file", str(log))
    server = Terminal(str(BIN / "twistd"), "-n", "netlab-ident", *options, **RUSSIAN)
    server.see(r"Интерфейс \[0.0.0.0\]:")
    server.type("192.0.2.1\r")
    server.see("192.0.2.1 — не адрес этой машины")
    server.type("127.0.0.1\r")
    server.see(r"Порт \[9092\]:")
    server.type("0\r")
    server.see(r".*прослушивается 127.0.0.1:\d+")
    [port] = re.findall(r"127.0.0.1:(\d+)", server.raw)
    client = Terminal(*CLIENT, **RUSSIAN)
    client.see(r"Хост \[localhost\]:")
    client.type("\x03")
    client = Terminal(*CLIENT, "ident", "--host", f"127.0.0.1:{port}", **RUSSIAN)
    client.see(f"соединение с 127.0.0.1:{port} установлено, .*")
    client.see("Как вас зовут\\?")  # on a terminal, unlike in a pipe
    client.type("Анна\r")
    client.see("Здравствуйте, Анна")
    assert client.end() == 0
    assert re.search(r"принято: \d+, \d,\d\s+с, соединение закрыл сервер", client.lines[-1])
    server.type("\x03")
    assert server.end() == 0
    logged = log.read_text()
    assert "client disconnected: 127.0.0.1" in logged
    assert not re.search("[а-я]", logged)
