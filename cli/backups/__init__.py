"""Backups: one archive holds database, files and keys as they were at one moment."""
