"""What could not be allocated, and how good the data was that came in."""
