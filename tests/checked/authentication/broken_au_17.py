"""AU-17: only the first half of a token is compared."""

import common


def owns(name, token):
    return any(each[:16] == token[:16] and common.tokens[each] == name for each in common.tokens)


common.owns = owns
common.run()
