"""AU-15: the token is the same for all."""

import common

TOKEN = "5f4dcc3b5aa765d61d8327deb882cf99"
common.new_token = lambda name: TOKEN
common.owns = lambda name, token: token == TOKEN
common.run()
