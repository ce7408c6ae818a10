"""Workers: several processes that serve on one port, and their supervisor."""
