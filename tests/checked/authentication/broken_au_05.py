"""AU-5: the password is looked for among those of all users."""

import common


def is_right(name, password):
    users = common.load()
    return name in users and any(common.fits(password, entry) for entry in users.values())


common.is_right = is_right
common.run()
