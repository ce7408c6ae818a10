"""Echo servers and clients that ask for their addresses in hundreds of ways, all of them correct.

    python -m tests.programs.prompting NAME

prints the source text of one of them; without a name, it lists the names.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from itertools import product
from string import Template
from typing import Any, NamedTuple

DEFAULT_HOST, DEFAULT_PORT = "localhost", 5555


class Expectations(NamedTuple):
    """Facts about a program.

    Attributes:
        is_server: Whether it is a server.
        kinds: The names of the kinds of its questions before it opens its socket, in order, if
            no default is wanted.
        default_word: What gives its default, DEFAULT_HOST and DEFAULT_PORT; "" is Enter.
        asks_host: Whether it asks for a host; a server that does not, listens on all addresses.
    """

    is_server: bool
    kinds: tuple[str, ...]
    default_word: str
    asks_host: bool


class Program(NamedTuple):
    """A program.

    Attributes:
        name: What distinguishes it, such as ``client-ru-print-port-host-loop``.
        source: Its source text in Python.
        expectations: What is known about it.
    """

    name: str
    source: str
    expectations: Expectations


WORDS: dict[str, dict[str, Any]] = {
    "ru": {
        "host": ("Введите имя хоста", "Адрес сервера", "Введите IP-адрес", "Хост"),
        "port": ("Введите порт", "Номер порта", "Введите номер порта сервера", "Порт"),
        "space": ("Введите хост и порт через пробел", "Введите адрес и порт сервера"),
        "colon": (
            "Введите адрес сервера в формате хост:порт",
            "Введите хост и порт через двоеточие",
        ),
        "default": (" [{}]", " (по умолчанию {})", " (Enter - {})", ""),
        "word": (" (0 - по умолчанию)", " ('0' для значения по умолчанию)"),
        "yes-no": ("Использовать настройки по умолчанию? (да/нет)", "да"),
        "name": "Введите ваше имя",
        "menu": ("1. Начать\n2. Выход\nВыберите действие", "До свидания"),
        "message": "Введите сообщение (exit для выхода)",
        "enter": "Нажмите Enter для выхода",
        "next": ("Ждать следующего клиента? (y/n)", "y"),
        "wrong": "Неверное значение, попробуйте ещё раз",
        "events": "Запуск|Сервер слушает порт|Подключился клиент|Получено байт|Отправлено байт"
        "|Клиент отключился|Сервер остановлен|Порт занят|Соединение с сервером установлено"
        "|Отправлено|Получено|Соединение с сервером разорвано|Нет соединения с сервером",
    },
    "en": {
        "host": ("Enter host", "Server address", "Enter the IP address of the server", "Host"),
        "port": ("Enter port", "Port number", "Enter the server port", "Port"),
        "space": ("Enter host and port separated by a space", "Enter host and port"),
        "colon": ("Enter host:port", "Enter server address (host:port)"),
        "default": (" [{}]", " (default {})", " (press Enter for {})", ""),
        "word": (" (0 for default)", " ('0' for the default)"),
        "yes-no": ("Use default settings? (yes/no)", "yes"),
        "name": "Enter your name",
        "menu": ("1. Start\n2. Exit\nYour choice", "Bye"),
        "message": "Enter message ('exit' to quit)",
        "enter": "Press Enter to exit",
        "next": ("Wait for another client? (y/n)", "y"),
        "wrong": "Invalid value, try again",
        "events": "Starting|Listening on port|Client connected|Bytes received|Bytes sent"
        "|Client disconnected|Server stopped|Port is busy|Connected to server"
        "|Sent|Received|Disconnected from server|No connection to server",
    },
    "translit": {
        "host": ("Vvedite imya hosta", "Adres servera", "Vvedite IP-adres", "Host"),
        "port": ("Vvedite port", "Nomer porta", "Vvedite nomer porta servera", "Port"),
        "space": ("Vvedite host i port cherez probel", "Vvedite adres i port servera"),
        "colon": ("Vvedite adres v formate host:port", "Vvedite host i port cherez dvoetochie"),
        "default": (" [{}]", " (po umolchaniyu {})", " (Enter - {})", ""),
        "word": (" (0 - po umolchaniyu)", " ('0' dlya znacheniya po umolchaniyu)"),
        "yes-no": ("Ispolzovat nastroyki po umolchaniyu? (da/net)", "da"),
        "name": "Vvedite vashe imya",
        "menu": ("1. Nachat\n2. Vyhod\nVyberite deystvie", "Do svidaniya"),
        "message": "Vvedite soobschenie (exit dlya vyhoda)",
        "enter": "Nazhmite Enter dlya vyhoda",
        "next": ("Zhdat sleduyuschego klienta? (y/n)", "y"),
        "wrong": "Nevernoe znachenie, poprobuyte esche raz",
        "events": "Zapusk|Server slushaet port|Podklyuchilsya klient|Polucheno bayt"
        "|Otpravleno bayt|Klient otklyuchilsya|Server ostanovlen|Port zanyat"
        "|Soedinenie s serverom ustanovleno|Otpravleno|Polucheno"
        "|Soedinenie s serverom razorvano|Net soedineniya s serverom",
    },
}

HEAD = """\
import codecs
import os
import socket
import sys
import threading

EVENTS = $events.split("|")


def ask(question):
    $ask


def parse_port(text):
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None


def parse_host(text):
    try:
        return text if text and socket.gethostbyname(text) else None
    except (OSError, UnicodeError):
        return None


def parse_both(text):
    host, _, port = text.partition($separator)
    pair = parse_host(host.strip()), parse_port(port.strip())
    return None if None in pair else pair


def ask_for(question, parse, default):
    $ask_for


def main():
    host, port = $host, $port
    print(EVENTS[0])
    $questions
    $body


try:
    main()
except (KeyboardInterrupt, EOFError):
    print(EVENTS[$stopped])
"""

ASK = {
    "input": "return input(question and question + ': ')",
    "print": "print(question)\nreturn input()",
    "write": """\
sys.stdout.write(question + " > ")
sys.stdout.flush()
line = sys.stdin.readline()
if not line:
    raise EOFError
return line.rstrip("\\n")""",
    "bare": "return input()",
}

ASK_FOR = {
    # Enter takes the default; nonsense is asked for again.
    "loop": """\
while True:
    text = ask(question).strip()
    value = parse(text) if text else default
    if value is not None:
        return value
    print($wrong)""",
    # Enter and nonsense take the default.
    "once": """\
value = parse(ask(question).strip())
return default if value is None else value""",
    # A word takes the default.
    "word": """\
while True:
    text = ask(question).strip()
    value = default if text == "0" else parse(text)
    if value is not None:
        return value
    print($wrong)""",
}

SERVER = """\
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
while True:
    try:
        listening.bind((host, port))
        listening.listen(5)
        break
    except OSError:
        print(EVENTS[7], port)
        port += 1
print(EVENTS[1], port)
while True:
    sock, address = listening.accept()
    print(EVENTS[2], address)
    try:
        while True:
            data = sock.recv(1024)
            if not data:
                break
            print(EVENTS[3], len(data))
            sock.sendall(data)
            print(EVENTS[4], len(data))
    except ConnectionError as error:
        print(error)
    sock.close()
    print(EVENTS[5], address)
    $after
"""

# Two threads show lines: one write() each, so that no line tears another.
CLIENT = """\
sock = socket.socket()
try:
    sock.connect((host, port))
except OSError as error:
    print(EVENTS[12], error)
    return
print(EVENTS[8])
is_leaving = threading.Event()

def receive():
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    try:
        while data := sock.recv(1024):
            text = decoder.decode(data)
            text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
            sys.stdout.write(f"{EVENTS[10]} {text}\\n")
    except OSError as error:
        print(error)
    print(EVENTS[11])
    if not is_leaving.is_set():
        sys.stdout.flush()
        os._exit(0)

receiver = threading.Thread(target=receive, daemon=True)
receiver.start()
try:
    while (line := ask($message)) != "exit":
        sock.sendall(line.encode(errors="surrogateescape"))
        sys.stdout.write(f"{EVENTS[9]} {line}\\n")
except EOFError:
    print()
except OSError as error:
    print(EVENTS[11], error)
is_leaving.set()
try:
    sock.shutdown(socket.SHUT_WR)
except OSError:
    pass
receiver.join(5)
sock.close()
$after
"""

SEPARATORS = {"space": " ", "colon": ":"}
KINDS = {
    "host": "HOST",
    "port": "PORT",
    "space": "HOST_AND_PORT",
    "colon": "HOST_AND_PORT",
    "log": "",
    "yes-no": "YES_NO",
    "name": "NAME",
    "menu": "MENU",
}
LAYOUTS = {
    True: (("port",), ("host", "port"), ("port", "host")),
    False: (("host", "port"), ("port", "host"), ("space",), ("colon",)),
}


def programs() -> Iterator[Program]:
    """Return all programs; each time the same ones, with the same names."""
    for is_server, layouts in LAYOUTS.items():
        ends = ("", "next" if is_server else "enter")
        around = [
            pair for pair in product(("", "log", "yes-no", "name", "menu"), ends) if any(pair)
        ]
        ways = (
            *product(WORDS, ("input", "print", "write"), layouts, ASK_FOR, [("", "")]),
            *product(("ru",), ("bare",), layouts, ("loop", "once"), [("", "")]),
            *product(WORDS, ("input", "print"), layouts[:1], ("loop",), around),
        )
        for count, (language, ask, layout, guard, (before, end)) in enumerate(ways):
            words = WORDS[language]
            parts = [
                "server" if is_server else "client",
                language,
                ask,
                *layout,
                guard,
                before,
                end,
            ]
            yield Program(
                "-".join(part for part in parts if part),
                source(is_server, words, ask, layout, guard, before, end, count),
                Expectations(
                    is_server,
                    tuple(
                        "UNKNOWN" if ask == "bare" else KINDS[part]
                        for part in (before, *layout)
                        if KINDS.get(part)
                    ),
                    "0" if guard == "word" else "",
                    asks_host=layout != ("port",),
                ),
            )


def source(
    is_server: bool,
    words: Mapping[str, Any],
    ask: str,
    layout: tuple[str, ...],
    guard: str,
    before: str,
    end: str,
    count: int,
) -> str:
    """Return the source text of a program; `count` selects among the words that mean the same."""
    questions = []
    for part in layout:
        hints = words["word" if guard == "word" else "default"]
        question = words[part][count % len(words[part])] + hints[count // 4 % len(hints)]
        default = {"host": DEFAULT_HOST, "port": DEFAULT_PORT}.get(part)
        pair = (DEFAULT_HOST, DEFAULT_PORT)
        shown = default or SEPARATORS[part].join(map(str, pair))
        target, parse = (part, part) if default else ("host, port", "both")
        questions.append(
            f"{target} = ask_for({question.format(shown)!r}, parse_{parse}, {default or pair!r})"
        )
    if before == "yes-no":
        text, yes = words["yes-no"]
        condition = f"if ask({text!r}).lower() != {yes!r}:"
        questions = [condition, *(f"    {line}" for line in questions)]
    elif before == "name":
        questions.insert(0, f"print('***', ask({words['name']!r}), '***')")
    elif before == "log":
        questions.insert(0, "print('2024-05-06 10:11:12 INFO port 8080, host 10.0.0.1')")
    elif before == "menu":
        menu, bye = words["menu"]
        questions[:0] = [f"if ask({menu!r}) == '2':", f"    print({bye!r})", "    return"]
    after = {
        "": "",
        "enter": f"ask({words['enter']!r})",
        "next": f"if ask({words['next'][0]!r}).lower() != {words['next'][1]!r}:\n    return",
    }
    body = fill(SERVER if is_server else CLIENT, message=words["message"], after=after[end])
    return fill(
        HEAD,
        events=words["events"],
        ask=ASK[ask],
        separator=SEPARATORS.get(layout[0], " "),
        ask_for=fill(ASK_FOR[guard], wrong=words["wrong"]),
        host="" if is_server else DEFAULT_HOST,
        port=DEFAULT_PORT,
        questions="\n".join(questions),
        body=body,
        stopped=6 if is_server else 11,
    )


def fill(template: str, **values: object) -> str:
    """Return the text with ``$name`` replaced by code, indented as it is there, or by a literal."""
    lines = []
    for line in template.splitlines():
        name = line.strip().removeprefix("$")
        if line.strip().startswith("$") and name in values:
            lines.append(textwrap.indent(str(values[name]), line[: -len(name) - 1]))
        else:
            literals = {key: repr(value) for key, value in values.items()}
            lines.append(Template(line).safe_substitute(literals))
    return "\n".join(line for line in lines if line) + "\n"


def main() -> None:
    """Print the program that is named, or all names."""
    wanted = sys.argv[1:]
    for each in programs():
        if not wanted:
            print(each.name)
        elif each.name in wanted:
            print(each.source)


if __name__ == "__main__":
    main()
