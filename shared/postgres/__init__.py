"""Locks, pools and migrations of the one database."""
