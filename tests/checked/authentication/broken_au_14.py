"""AU-14: the tokens are looked up among the names, so each is refused."""

import common

common.owns = lambda name, token: token in common.tokens.values()
common.run()
