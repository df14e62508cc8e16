"""How a figure of a run came about, in sentences and formulas."""
