"""What people and programs read about the findings."""
