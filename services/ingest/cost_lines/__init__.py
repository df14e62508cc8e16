"""Cost lines: what was spent, line by line, never overwritten."""
