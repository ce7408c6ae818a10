"""Properties of each parser that must hold for arbitrary input; see `fuzz.__main__`."""
