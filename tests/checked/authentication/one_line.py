"""Login and password in one line; asyncio; an answer to everything, and no echo."""

import asyncio
import hashlib
import json
import os

USERS = "accounts.json"


def load():
    if not os.path.exists(USERS):
        return {}
    with open(USERS) as file:
        return json.load(file)


async def ask(reader, writer, question):
    writer.write(question.encode())
    line = await reader.readline()
    if not line:
        raise ConnectionError
    return line.decode().strip()


async def talk(reader, writer):
    try:
        is_known = await ask(reader, writer, "Do you have an account? (y/n) ") == "y"
        answer = await ask(reader, writer, "Login and password, separated by a space: ")
        name, _, password = answer.partition(" ")
        users = load()
        if not is_known and name and password and name not in users:
            salt = os.urandom(8).hex()
            users[name] = [salt, hashlib.sha512((salt + password).encode()).hexdigest()]
            with open(USERS, "w") as file:
                json.dump(users, file)
        salt, digest = users.get(name, ("", ""))
        if hashlib.sha512((salt + password).encode()).hexdigest() != digest:
            writer.write(b"Access denied\n")
            return
        writer.write(b"Access granted\n")
        while await reader.readline():
            writer.write(b"Message accepted\n")
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(talk, "", 9090)
    print("Listening on port 9090")
    async with server:
        await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("Stopped")
