"""A module of the author's own was not handed in."""

import my_sockets

my_sockets.run(9090)
