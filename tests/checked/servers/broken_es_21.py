"""ES-21: Enter at the question for the port gives int("")."""

import common

text = input("Port: ")
while text and not text.isdecimal():
    text = input("This is not a number. Port: ")
common.run(common.open_port(int(text)))
