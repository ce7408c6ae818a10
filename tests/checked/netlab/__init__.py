"""Our services with one mistake each, which the profile netlab must find."""
