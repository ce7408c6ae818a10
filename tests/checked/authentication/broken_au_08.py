"""AU-8: a hash without a salt is stored."""

import hashlib

import common


def stored(password):
    return hashlib.sha256(password.encode()).hexdigest()


common.stored = stored
common.fits = lambda password, entry: stored(password) == entry
common.run()
