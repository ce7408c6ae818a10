"""ES-20: the server asks for a port, and does not use the answer."""

import common

common.ask_port()
common.run(common.open_port(9090))
