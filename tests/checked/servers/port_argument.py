"""The port is an argument."""

import sys

import common

if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
    sys.exit("Usage: port_argument.py PORT")
common.run(common.open_port(int(sys.argv[1])))
