"""What only the ingest service writes."""
