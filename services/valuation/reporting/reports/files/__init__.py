"""A report's document as a file of each format."""
