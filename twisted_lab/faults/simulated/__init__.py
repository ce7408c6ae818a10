"""Networks in memory, on a simulated clock, for tests."""
