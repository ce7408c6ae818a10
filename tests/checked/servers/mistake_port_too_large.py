"""Порт превращается в число, но число не сравнивается с границами."""

import common


def ask_port():
    while True:
        try:
            return int(input("Введите порт (9090): ") or 9090)
        except ValueError:
            print("Это не число")


common.run(common.open_port(ask_port()))
