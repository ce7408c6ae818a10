"""Word with which a user or a program ends a conversation."""

EXIT = "exit"
