"""Tickets of the service desk: what happened, when, and for whom."""
