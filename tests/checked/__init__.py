"""Programs that the checker judges: correct ones, and ones with a known mistake."""
