"""A run as chunks of bytes and back."""
