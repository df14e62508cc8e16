"""Invents the rows of examples/home-furnishing; the same rows each time."""
