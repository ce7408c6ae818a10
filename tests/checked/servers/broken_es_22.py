"""ES-22: Enter gives the default, but anything else goes into int()."""

import common

text = input("Port (Enter for 9090): ")
common.run(common.open_port(int(text) if text else 9090))
