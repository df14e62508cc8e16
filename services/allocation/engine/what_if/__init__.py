"""A finished run with some inputs changed, worked out from what lies downstream only."""
