"""AU-4: the password of a name that is not there is equal to any."""

import common


def is_right(name, password):
    entry = common.load().get(name) or common.stored(password)
    return common.fits(password, entry)


common.is_right = is_right
common.run()
