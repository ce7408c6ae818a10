"""Worker processes that share a listening port, and their supervisor."""
