"""A new client tells name and password; a known one is greeted, and asked for the password."""

import hashlib

import common


def secret(password):
    return hashlib.sha256(b"pepper" + password.encode()).hexdigest()


def greet(client, host, heard):
    entry = common.find(host)
    if not entry:
        common.say(client, "You are new here. Your login:")
        name = next(heard)
        common.say(client, "And your password:")
        common.store(host, [name, secret(next(heard))])
        common.say(client, "Registered")
        return
    common.say(client, f"Hi {entry[0]}! Enter your password:")
    if secret(next(heard)) != entry[1]:
        common.say(client, "Wrong")
        raise StopIteration
    common.say(client, "Welcome back")


common.run(greet)
