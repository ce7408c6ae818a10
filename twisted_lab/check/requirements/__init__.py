"""What the tasks ask for, as data."""
