"""AU-6: the users are kept in memory."""

import common

users = {}
common.load = lambda: users
common.save = users.update
common.run()
