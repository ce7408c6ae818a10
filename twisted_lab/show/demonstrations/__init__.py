"""The demonstrations: each is a program of at most 60 lines, to be read from top to bottom."""
