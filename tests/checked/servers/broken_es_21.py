"""ES-21: Enter at the question for the port gives int("")."""

import common

text = input("Port: ")
while text and not (text.isdecimal() and int(text) < 65536):
    text = input("This is not a port. Port: ")
common.run(common.open_port(int(text)))
