"""Versions of the model: mappings and stage settings, from draft to published to retired."""
