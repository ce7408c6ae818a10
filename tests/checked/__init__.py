"""Programs that the checker judges in tests."""
