"""The database on threads of its own."""
