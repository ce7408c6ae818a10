"""AU-13: an empty password is accepted."""

import common

common.is_good = lambda password: True
common.run()
