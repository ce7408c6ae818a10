"""The word by which a person or a program ends a conversation."""

EXIT = "exit"
