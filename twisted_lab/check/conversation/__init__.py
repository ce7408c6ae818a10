"""What is said to a program, and what counts as an answer. Pure."""
