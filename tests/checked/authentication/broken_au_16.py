"""AU-16: a token is accepted with any name."""

import common

common.owns = lambda name, token: token in common.tokens
common.run()
