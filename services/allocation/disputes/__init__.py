"""Disputes of bill lines, from complaint to correction."""
