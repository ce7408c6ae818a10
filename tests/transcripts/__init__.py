"""The console transcripts of the documentation, run as a reader would type them."""
