"""What only the ingest service answers."""
