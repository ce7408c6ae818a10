"""The services: one file each."""
