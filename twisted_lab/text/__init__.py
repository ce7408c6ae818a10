"""Text: user names, escaping, prompts, the command line, private files."""
