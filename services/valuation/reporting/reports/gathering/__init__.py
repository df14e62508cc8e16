"""What reports are made from, read from this service and asked of the others."""
