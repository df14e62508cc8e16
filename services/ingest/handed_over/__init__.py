"""Rows that live in other services: read here, handed over by HTTP, refused there or taken."""
