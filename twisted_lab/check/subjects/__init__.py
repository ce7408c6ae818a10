"""What is checked: a program on a terminal, and the connections to it."""
