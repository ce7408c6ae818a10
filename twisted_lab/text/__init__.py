"""Text: user names, tokens, chat messages, escaping, prompts, the command line, private files."""
