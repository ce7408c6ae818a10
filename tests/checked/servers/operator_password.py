"""The operator types a password without echo before the server starts."""

import getpass

import common

while not getpass.getpass("Пароль администратора: "):
    print("Пароль не может быть пустым.")
common.run(common.open_port(common.ask_port()))
