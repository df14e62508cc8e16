"""Typed calls to the allocation service."""
