"""Where a figure comes from and where it goes: unrounded shares, settled to units once."""
