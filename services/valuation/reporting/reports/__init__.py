"""Reports: a plain document, its content by rules, and one renderer per file format."""
