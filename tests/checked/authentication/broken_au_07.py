"""AU-7: passwords are stored as they are."""

import common

common.stored = str
common.fits = str.__eq__
common.run()
