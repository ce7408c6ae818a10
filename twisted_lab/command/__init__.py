"""The command `netlab`, which starts every program of this package."""
