"""Mappings: which money goes where, and by what measure."""
