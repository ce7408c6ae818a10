"""AU-12: letters that are not in ASCII are left out of a password."""

import hashlib

import common


def derived(password, salt):
    return hashlib.scrypt(password.encode("ascii", "ignore"), salt=salt, n=1024, r=8, p=1)


common.derived = derived
common.run()
