"""Pages for browsers: each is one file without scripts, which needs nothing from a network."""
