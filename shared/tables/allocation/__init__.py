"""What only the allocation service writes."""
