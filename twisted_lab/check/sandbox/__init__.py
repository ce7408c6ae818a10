"""Where checked programs run: cut off from everything else, as far as the machine allows it."""
