"""ID-5: the file is overwritten with each new name."""

import common


def store(host, name):
    common.save({host: name})


common.store = store
common.run()
