"""Profiles: how the columns of a source become the fields of this service."""
