"""Drivers and their quantities: by what costs are shared."""
