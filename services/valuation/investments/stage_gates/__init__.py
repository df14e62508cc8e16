"""What an initiative is worth at each of its steps."""
