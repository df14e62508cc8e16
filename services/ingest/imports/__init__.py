"""Imports: from an uploaded file to stored facts, every row accounted for."""
