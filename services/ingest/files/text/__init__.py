"""Text files: their encoding, dialect and header, and their rows, a bounded batch at a time."""
