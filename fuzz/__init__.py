"""What arbitrary input must not bring about, for each parser; see `fuzz.__main__`."""
