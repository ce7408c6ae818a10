"""Small programs that show what sockets do: ``netlab show``."""
