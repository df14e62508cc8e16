"""What only the allocation service answers."""
